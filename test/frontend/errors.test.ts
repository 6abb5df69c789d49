/** Definitions that cannot be read, and the whole of what is said about them. */
import { expect, test } from "vitest";
import { diagnose, sections } from "./diagnose.js";

const table = `
### a product without its sign
f(x) = 2x
---
acts.def:1:8: error: there is no implicit multiplication [implicit-multiplication]
  1 | f(x) = 2x
    |        ^^
  hint: write '2 * x' for a product

### a product without its sign, before parentheses
f(x) = 2 (x + 1)
---
acts.def:1:8: error: there is no implicit multiplication [implicit-multiplication]
  1 | f(x) = 2 (x + 1)
    |        ^^^
  hint: write '*' between them for a product

### a product without its sign, between parentheses
f(x) = (x + 1)(x - 1)
---
acts.def:1:14: error: there is no implicit multiplication [implicit-multiplication]
  1 | f(x) = (x + 1)(x - 1)
    |              ^^
  hint: write '*' between them for a product

### a missing comma or operator
f(x) = max(x 1, 2)
---
acts.def:1:12: error: nothing stands between 'x' and '1' [missing-operator]
  1 | f(x) = max(x 1, 2)
    |            ^^^
  expected: an operator or ','
  hint: there is no implicit multiplication: write 'x * 1' for a product

### a power with two stars
f(x) = x**2
---
acts.def:1:9: error: '**' is no operator of the definition language [foreign-operator]
  1 | f(x) = x**2
    |         ^^
  hint: a power is written '^': 'x^2'

### a conditional operator
f(x) = x > 0 ? x : 0
---
acts.def:1:14: error: unknown character '?' [unknown-character]
  1 | f(x) = x > 0 ? x : 0
    |              ^
  hint: a choice is written 'where(condition, a, b)'

### and as in C
f(x) = where(x > 0 && x < 1, x, 0)
---
acts.def:1:20: error: '&&' is no operator of the definition language [foreign-operator]
  1 | f(x) = where(x > 0 && x < 1, x, 0)
    |                    ^^
  hint: write 'and'

### or as in C
f(x) = where(x > 0 || x < -1, x, 0)
---
acts.def:1:20: error: '||' is no operator of the definition language [foreign-operator]
  1 | f(x) = where(x > 0 || x < -1, x, 0)
    |                    ^^
  hint: write 'or'

### not as in C
f(x) = where(!(x > 0), 1, 0)
---
acts.def:1:14: error: unknown character '!' [unknown-character]
  1 | f(x) = where(!(x > 0), 1, 0)
    |              ^
  hint: write 'not'

### not equal as in SQL
f(x) = where(x <> 0, 1, 0)
---
acts.def:1:16: error: '<>' is no operator of the definition language [foreign-operator]
  1 | f(x) = where(x <> 0, 1, 0)
    |                ^^
  hint: write '!='

### a comparison with one sign
f(x) = where(x + 1 = 0, 1, x)
---
acts.def:1:20: error: '=' does not compare [single-equals]
  1 | f(x) = where(x + 1 = 0, 1, x)
    |                    ^
  hint: to compare two numbers, write '=='

### a comparison operator taken apart
f(x) = where(x < = 1, x, 0)
---
acts.def:1:18: error: there is no space within '<=' [foreign-operator]
  1 | f(x) = where(x < = 1, x, 0)
    |                  ^
  hint: write '<='

### a body that is an assignment
f(x) = y = x
---
acts.def:1:10: error: '=' does not compare [single-equals]
  1 | f(x) = y = x
    |          ^
  hint: to compare two numbers, write '=='

### no equals sign
f(x) x + 1
---
acts.def:1:6: error: the signature is not followed by '=' [missing-equals]
  1 | f(x) x + 1
    |      ^
  expected: '=' and the body
  hint: a line that continues the definition above it must be indented

### nothing but a signature
f(x)
---
acts.def:1:4: error: the definition ends after its signature [missing-equals]
  1 | f(x)
    |    ^
  expected: '=' and the body

### no body
f(x) =

g(x) = x
---
acts.def:1:6: error: the definition has no body [missing-body]
  1 | f(x) =
    |      ^
  expected: an expression
  hint: lines that continue a definition must be indented

### a let without value
f(x) = x
  let y =
  class F
---
acts.def:2:9: error: the 'let' has no value [missing-body]
  2 |   let y =
    |         ^
  expected: an expression

### a continuation that is not indented
f(x) =
0.5 * x
---
acts.def:2:1: error: a line that continues a definition must be indented [not-indented]
  2 | 0.5 * x
    | ^^^
  hint: put spaces in front of it

### an operator that is not indented
f(x) = x
+ 1
---
acts.def:2:1: error: a line that continues a definition must be indented [not-indented]
  2 | + 1
    | ^
  hint: put spaces in front of it

### a continuation that looks like a definition
f(x) =
where(x > 0, x, 0)
---
acts.def:1:6: error: the definition has no body [missing-body]
  1 | f(x) =
    |      ^
  expected: an expression
  hint: lines that continue a definition must be indented
acts.def:2:9: error: unexpected '>' [syntax]
  2 | where(x > 0, x, 0)
    |         ^
  expected: ',', ';' or ')'
  hint: inputs are names; a line that continues the definition above it must be indented

### a clause that is not indented
f(x) = x
class Foo
---
acts.def:2:1: error: the clause 'class' must be indented [not-indented]
  2 | class Foo
    | ^^^^^
  hint: put spaces in front of it

### an indented file
  f(x) = x
  g(x) = x
---
acts.def:1:3: error: there is no definition above that this line could continue [expected-definition]
  1 |   f(x) = x
    |   ^
  expected: a definition such as 'relu(x) = where(x > 0, x, 0)'
  hint: a definition begins in column 1: remove the indentation

### an indented definition
f(x) = x
 g(x) = x
---
acts.def:2:2: error: the definition of 'g' must begin in column 1 [indented-definition]
  2 |  g(x) = x
    |  ^
  hint: remove the indentation

### if and else
f(x) = if x > 0 then x else 0
---
acts.def:1:8: error: there is no 'if' in definitions [conditional-word]
  1 | f(x) = if x > 0 then x else 0
    |        ^^
  hint: a choice is written 'where(condition, a, b)'

### if and else as in Python
f(x) = x if x > 0 else 0
---
acts.def:1:10: error: there is no 'if' in definitions [conditional-word]
  1 | f(x) = x if x > 0 else 0
    |          ^^
  hint: a choice is written 'where(condition, a, b)'

### def as in Python
def f(x) = x
---
acts.def:1:1: error: 'def' begins no definition [expected-definition]
  1 | def f(x) = x
    | ^^^
  expected: a definition such as 'relu(x) = where(x > 0, x, 0)'

### a minus sign from a word processor
f(x) = x − 1
---
acts.def:1:10: error: unknown character '−' (U+2212) [unknown-character]
  1 | f(x) = x − 1
    |          ^
  hint: write '-'

### a multiplication sign
f(x) = 2 × x
---
acts.def:1:10: error: unknown character '×' (U+00D7) [unknown-character]
  1 | f(x) = 2 × x
    |          ^
  hint: write '*'

### a superscript
f(x) = x²
---
acts.def:1:9: error: unknown character '²' (U+00B2) [unknown-character]
  1 | f(x) = x²
    |         ^
  hint: write '^2'

### a Greek letter
f(x) = αx
---
acts.def:1:8: error: unknown character 'α' (U+03B1) [unknown-character]
  1 | f(x) = αx
    |        ^
  hint: write 'alpha'

### a letter that names do not have
f(x) = größe * x
---
acts.def:1:10: error: unknown character 'ö' (U+00F6) [unknown-character]
  1 | f(x) = größe * x
    |          ^
  hint: names are made of the letters A to Z and a to z, digits and '_'

### braces
f(x) = {x}
---
acts.def:1:8: error: unknown character '{' [unknown-character]
  1 | f(x) = {x}
    |        ^
  hint: group by '(' and ')'

### bars for an absolute value
f(x) = |x|
---
acts.def:1:8: error: unknown character '|' [unknown-character]
  1 | f(x) = |x|
    |        ^
  hint: write 'or' between conditions, 'abs(x)' for an absolute value

### a prime for a derivative
f(x) = x'
---
acts.def:1:9: error: unknown character "'" [unknown-character]
  1 | f(x) = x'
    |         ^
  hint: derivatives are taken by the compiler; a custom one is a 'grad' clause

### a remainder
f(x) = 5 % x
---
acts.def:1:10: error: unknown character '%' [unknown-character]
  1 | f(x) = 5 % x
    |          ^
  hint: the remainder is 'x - y * floor(x / y)'

### a decimal comma
f(x; a = 0,5) = a * x
---
acts.def:1:10: error: a decimal number is written with a point [decimal-comma]
  1 | f(x; a = 0,5) = a * x
    |          ^^^
  hint: write '0.5'

### a decimal comma in the body
f(x) = 0,5 * x
---
acts.def:1:8: error: a decimal number is written with a point [decimal-comma]
  1 | f(x) = 0,5 * x
    |        ^^^
  hint: write '0.5'

### a number with two points
f(x) = 1.2.3 * x
---
acts.def:1:8: error: '1.2.3' is no number [malformed-number]
  1 | f(x) = 1.2.3 * x
    |        ^^^^^

### an exponent without digits
f(x) = 1e * x
---
acts.def:1:8: error: the exponent of '1e' has no digits [malformed-number]
  1 | f(x) = 1e * x
    |        ^^

### a hexadecimal number
f(x) = 0x1F * x
---
acts.def:1:8: error: '0x1F' is no number [malformed-number]
  1 | f(x) = 0x1F * x
    |        ^^^^
  expected: a decimal number

### digits in groups
f(x) = 1_000 * x
---
acts.def:1:8: error: '1_000' is no number [malformed-number]
  1 | f(x) = 1_000 * x
    |        ^^^^^
  hint: write '1000'

### a number beyond binary64
f(x) = 1e999999999 * x
---
acts.def:1:8: error: the number '1e999999999' is too large [number-out-of-range]
  1 | f(x) = 1e999999999 * x
    |        ^^^^^^^^^^^
  expected: a number that binary64 can hold, at most about 1.8e308

### a number that is 0 to any arithmetic
f(x) = 1e-999999999 * x
---
acts.def:1:8: error: the number '1e-999999999' is too small [number-out-of-range]
  1 | f(x) = 1e-999999999 * x
    |        ^^^^^^^^^^^^
  expected: a number that binary64 can hold, at most about 1.8e308

### a parameter among the inputs
f(x, a = 1) = a * x
---
acts.def:1:6: error: the parameter 'a' stands among the inputs [missing-semicolon]
  1 | f(x, a = 1) = a * x
    |      ^
  hint: parameters follow the inputs after a ';', as in 'f(x; a = 1)'

### a learned parameter among the inputs
f(x, learn a = 1) = a * x
---
acts.def:1:12: error: the parameter 'a' stands among the inputs [missing-semicolon]
  1 | f(x, learn a = 1) = a * x
    |            ^
  hint: parameters follow the inputs after a ';', as in 'f(x; a = 1)'

### inputs without comma
f(x y) = x * y
---
acts.def:1:5: error: a ',' is missing between 'x' and 'y' [missing-comma]
  1 | f(x y) = x * y
    |     ^
  hint: inputs are separated by ','; parameters follow after a ';'

### parameters without comma
f(x; a = 1 b = 2) = a * b * x
---
acts.def:1:12: error: a ',' is missing between '1' and 'b' [missing-comma]
  1 | f(x; a = 1 b = 2) = a * b * x
    |            ^

### a parameter without default
f(x; a) = a * x
---
acts.def:1:6: error: the parameter 'a' has no default [missing-default]
  1 | f(x; a) = a * x
    |      ^
  expected: '=' and a number

### a default left out
f(x; a = ) = a * x
---
acts.def:1:10: error: the parameter has no default [missing-default]
  1 | f(x; a = ) = a * x
    |          ^
  expected: a number

### an axis without default
f(x; axis d) = sum[d](x)
---
acts.def:1:11: error: the parameter 'd' has no default [missing-default]
  1 | f(x; axis d) = sum[d](x)
    |           ^
  expected: '=' and a number

### an input that is a number
f(2) = 2
---
acts.def:1:3: error: unexpected '2' [syntax]
  1 | f(2) = 2
    |   ^
  expected: a name, ';' or ')'
  hint: inputs are names; a line that continues the definition above it must be indented

### an argument left out
f(x) = max(x, , 1)
---
acts.def:1:15: error: an argument is missing before the ',' [missing-argument]
  1 | f(x) = max(x, , 1)
    |               ^
  hint: remove the ',', or write what is missing

### a comma too many
f(x) = max(x, 1,)
---
acts.def:1:17: error: an argument is missing after the ',' [missing-argument]
  1 | f(x) = max(x, 1,)
    |                 ^
  hint: remove the ',', or write what is missing

### a parenthesis never closed
f(x) = max(x, 1
---
acts.def:1:11: error: this '(' is never closed [unclosed-bracket]
  1 | f(x) = max(x, 1
    |           ^
  expected: ')'

### a parenthesis open at a clause
f(x) = (x + 1
  class F
---
acts.def:1:8: error: this '(' is never closed [unclosed-bracket]
  1 | f(x) = (x + 1
    |        ^
  expected: ')' before the clause 'class'

### a signature never closed
f(x; a = 1 in [0, 1) = a * x
---
acts.def:1:2: error: this '(' is not closed before the '=' [unclosed-bracket]
  1 | f(x; a = 1 in [0, 1) = a * x
    |  ^
  expected: ')'

### a parenthesis never opened
f(x) = x)
---
acts.def:1:9: error: this ')' closes nothing [unmatched-bracket]
  1 | f(x) = x)
    |         ^
  hint: remove it

### brackets that do not match
f(x) = (x]
---
acts.def:1:10: error: ']' does not close the '(' that is open here [mismatched-bracket]
  1 | f(x) = (x]
    |          ^
  expected: ')'

### a semicolon in a call
f(x) = g(x; a = 1)
---
acts.def:1:11: error: arguments are separated by ',' [semicolon-in-call]
  1 | f(x) = g(x; a = 1)
    |           ^
  hint: in a call, parameters follow by name: 'softplus(x, beta = 2)'

### a plus sign
f(x) = +x
---
acts.def:1:8: error: '+' stands between two operands [unary-plus]
  1 | f(x) = +x
    |        ^
  hint: remove it: numbers need no '+'

### an operand missing at the end
f(x) = x *
---
acts.def:1:10: error: the definition ends too early [syntax]
  1 | f(x) = x *
    |          ^
  expected: an expression

### an operand missing
f(x) = * x
---
acts.def:1:8: error: unexpected '*' [syntax]
  1 | f(x) = * x
    |        ^
  expected: an expression

### not behind a comparison
f(x) = where(x == not x, 1, 0)
---
acts.def:1:19: error: 'not' binds less tightly than the operator before it [syntax]
  1 | f(x) = where(x == not x, 1, 0)
    |                   ^^^
  hint: put it in parentheses with what it negates: '(not x > 0)'

### a reserved word for a definition
let(x) = x
---
acts.def:1:1: error: 'let' is a reserved word and names nothing else [reserved-name]
  1 | let(x) = x
    | ^^^
  expected: another name

### a reserved word for an input
f(pi) = pi
---
acts.def:1:3: error: 'pi' is a reserved word and names nothing else [reserved-name]
  1 | f(pi) = pi
    |   ^^
  expected: another name

### a reserved word for a let
f(x) = x
  let inf = 1
---
acts.def:2:7: error: 'inf' is a reserved word and names nothing else [reserved-name]
  2 |   let inf = 1
    |       ^^^
  expected: another name

### a clause in the line of the body
f(x) = x class F
---
acts.def:1:10: error: the clause 'class' must begin a line of its own [clause-in-line]
  1 | f(x) = x class F
    |          ^^^^^
  hint: put it on the next line, indented

### a misspelt clause
f(x) = y
  lett y = 2 * x
---
acts.def:2:3: error: 'lett' begins no clause, and an operator is missing if it continues the line above [unknown-clause]
  2 |   lett y = 2 * x
    |   ^^^^
  expected: a clause: 'let', 'grad', 'random', 'class' or 'split'
  hint: did you mean 'let'?

### a line that is nothing
f(x) = x
  foo
---
acts.def:2:3: error: 'foo' begins no clause, and an operator is missing if it continues the line above [unknown-clause]
  2 |   foo
    |   ^^^
  expected: a clause: 'let', 'grad', 'random', 'class' or 'split'

### a class without name
f(x) = x
  class
---
acts.def:2:7: error: the definition ends too early [syntax]
  2 |   class
    |       ^
  expected: a name

### a split by name
f(x, y) = x + y
  split last
---
acts.def:2:9: error: unexpected 'last' [syntax]
  2 |   split last
    |         ^^^^
  expected: an integer

### a random without train
f(x) = x * a
  random a = uniform(0, 1)
---
acts.def:2:14: error: unexpected 'uniform' [incomplete-random]
  2 |   random a = uniform(0, 1)
    |              ^^^^^^^
  expected: 'train' and a distribution
  hint: write it as in 'random a = train uniform(0, 1) eval 0.5'

### a random without eval
f(x) = x * a
  random a = train uniform(0, 1)
---
acts.def:2:32: error: the 'random' ends too early [incomplete-random]
  2 |   random a = train uniform(0, 1)
    |                                ^
  expected: 'eval' and the value in evaluation
  hint: write it as in 'random a = train uniform(0, 1) eval 0.5'

### a range without brackets
f(x; a = 1 in 0, 1) = a * x
---
acts.def:1:15: error: unexpected '0' [syntax]
  1 | f(x; a = 1 in 0, 1) = a * x
    |               ^
  expected: '(' or '['

### a value without inputs
x = 3
---
acts.def:1:3: error: 'x' at the beginning of a line begins a definition, but no '(' follows [missing-signature]
  1 | x = 3
    |   ^
  expected: the inputs, as in 'x(x) = …'
  hint: an activation has at least one input

### an element of a tensor
f(x) = x[0]
---
acts.def:1:11: error: brackets name the axis of a reduction, whose operand must follow [missing-operand]
  1 | f(x) = x[0]
    |           ^
  expected: '(' and an expression, as in 'sum[d](x)'
  hint: the elements of a tensor cannot be picked one by one
`;

test.each(sections(table))("$title", ({ source, message }) => {
  expect(diagnose(source).text).toBe(message);
});
