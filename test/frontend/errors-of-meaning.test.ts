/** Definitions that can be read but mean nothing, and the whole of what is said about them. */
import { expect, test } from "vitest";
import { diagnose, sections } from "./diagnose.js";

const table = `
### a misspelt name
f(x; alpha = 1) = alhpa * x
---
acts.def:1:19: error: unknown name 'alhpa' [unknown-name]
  1 | f(x; alpha = 1) = alhpa * x
    |                   ^^^^^
  hint: did you mean 'alpha'?

### a name of nothing
f(x; alpha = 1) = alpha * y
---
acts.def:1:27: error: unknown name 'y' [unknown-name]
  1 | f(x; alpha = 1) = alpha * y
    |                           ^
  expected: x or alpha

### a name in other case
f(x) = X
---
acts.def:1:8: error: unknown name 'X' [unknown-name]
  1 | f(x) = X
    |        ^
  hint: did you mean 'x'?

### a constant of other languages
f(x) = PI * x
---
acts.def:1:8: error: unknown name 'PI' [unknown-name]
  1 | f(x) = PI * x
    |        ^^
  hint: write 'pi'

### Euler's number
f(x) = e^x
---
acts.def:1:8: error: unknown name 'e' [unknown-name]
  1 | f(x) = e^x
    |        ^
  hint: write 'exp(1)'

### a truth value
f(x) = where(true, x, 0)
---
acts.def:1:14: error: unknown name 'true' [unknown-name]
  1 | f(x) = where(true, x, 0)
    |              ^^^^
  hint: a condition is a comparison such as 'x > 0'

### a misspelt function
f(x) = taanh(x)
---
acts.def:1:8: error: unknown function 'taanh' [unknown-function]
  1 | f(x) = taanh(x)
    |        ^^^^^
  hint: did you mean 'tanh'?

### a misspelt definition
relu(x) = max(x, 0)
f(x) = rleu(x)
---
acts.def:2:8: error: unknown function 'rleu' [unknown-function]
  2 | f(x) = rleu(x)
    |        ^^^^
  hint: did you mean 'relu'?

### another name of a function
f(x) = ln(x)
---
acts.def:1:8: error: unknown function 'ln' [unknown-function]
  1 | f(x) = ln(x)
    |        ^^
  hint: did you mean 'log'?

### a function written as a formula
f(x) = heaviside(x)
---
acts.def:1:8: error: unknown function 'heaviside' [unknown-function]
  1 | f(x) = heaviside(x)
    |        ^^^^^^^^^
  hint: define it, or write 'where(x > 0, 1, 0)'

### an activation that is not defined
f(x) = x * relu(x)
---
acts.def:1:12: error: unknown function 'relu' [unknown-function]
  1 | f(x) = x * relu(x)
    |            ^^^^
  hint: define it, or write 'max(x, 0)'

### a function as a value
f(x) = sin + x
---
acts.def:1:8: error: 'sin' is a function, not a value [function-for-value]
  1 | f(x) = sin + x
    |        ^^^
  hint: call it: 'sin(x)'

### an input as a function
f(x) = x(1 + x)
---
acts.def:1:8: error: 'x' is an input, not a function [value-for-function]
  1 | f(x) = x(1 + x)
    |        ^
  hint: for a product, write 'x * (…)'

### too many operands
f(x) = sin(x, x)
---
acts.def:1:8: error: 'sin' takes 1 operand, not 2 [argument-count]
  1 | f(x) = sin(x, x)
    |        ^^^^^^^^^

### too few operands
f(x) = clamp(x, 1)
---
acts.def:1:8: error: 'clamp' takes 3 operands, not 2 [argument-count]
  1 | f(x) = clamp(x, 1)
    |        ^^^^^^^^^^^

### a named operand
f(x) = clamp(x, lo = 0, hi = 1)
---
acts.def:1:17: error: 'clamp' takes its operands by position [named-argument]
  1 | f(x) = clamp(x, lo = 0, hi = 1)
    |                 ^^
  hint: remove the name
acts.def:1:25: error: 'clamp' takes its operands by position [named-argument]
  1 | f(x) = clamp(x, lo = 0, hi = 1)
    |                         ^^
  hint: remove the name

### a comparison that reads as a named operand
f(x) = where(x = 0, 1, x)
---
acts.def:1:14: error: 'where' takes its operands by position [named-argument]
  1 | f(x) = where(x = 0, 1, x)
    |              ^
  hint: to compare two numbers, write '=='

### a number for a condition
f(x) = where(x, 1, 2)
---
acts.def:1:14: error: 'x' is a number where a condition is expected [number-for-condition]
  1 | f(x) = where(x, 1, 2)
    |              ^
  expected: a condition
  hint: compare it, as in 'x > 0'

### a condition for a number
f(x) = x > 0
---
acts.def:1:8: error: 'x > 0' is a condition where a number is expected [condition-for-number]
  1 | f(x) = x > 0
    |        ^^^^^
  expected: a number
  hint: write 'where(x > 0, 1, 0)'

### a product of a condition
f(x) = (x > 0) * x
---
acts.def:1:8: error: '(x > 0)' is a condition where a number is expected [condition-for-number]
  1 | f(x) = (x > 0) * x
    |        ^^^^^^^
  expected: a number
  hint: write 'where(x > 0, 1, 0)'

### a condition compared
f(x) = where((x > 0) == 1, 1, 0)
---
acts.def:1:14: error: '(x > 0)' is a condition where a number is expected [condition-for-number]
  1 | f(x) = where((x > 0) == 1, 1, 0)
    |              ^^^^^^^
  expected: a number
  hint: write 'where(x > 0, 1, 0)'

### and of a number
f(x) = where(x > 0 and x, 1, 0)
---
acts.def:1:24: error: 'x' is a number where a condition is expected [number-for-condition]
  1 | f(x) = where(x > 0 and x, 1, 0)
    |                        ^
  expected: a condition
  hint: compare it, as in 'x > 0'

### a let that is a condition, used as a number
f(x) = positive * x
  let positive = x > 0
---
acts.def:1:8: error: 'positive' is a condition where a number is expected [condition-for-number]
  1 | f(x) = positive * x
    |        ^^^^^^^^
  expected: a number
  hint: write 'where(positive, 1, 0)'

### a chain that turns round
f(x) = where(0 < x > -1, x, 0)
---
acts.def:1:14: error: the chain of '<', '>' has no meaning [comparison-chain]
  1 | f(x) = where(0 < x > -1, x, 0)
    |              ^^^^^^^^^^
  expected: one comparison, or a chain in one direction such as 'a < x <= b'
  hint: combine comparisons by 'and'

### a chain of equalities
f(x) = where(x == 1 == 2, x, 0)
---
acts.def:1:14: error: the chain of '==', '==' has no meaning [comparison-chain]
  1 | f(x) = where(x == 1 == 2, x, 0)
    |              ^^^^^^^^^^^
  expected: one comparison, or a chain in one direction such as 'a < x <= b'
  hint: combine comparisons by 'and'

### a reduction without axis
f(x) = x / sum(x)
---
acts.def:1:12: error: 'sum' of one operand reduces over an axis, but none is given [missing-axis]
  1 | f(x) = x / sum(x)
    |            ^^^^^^
  hint: name the axis: 'sum[d](…)' with 'axis d = -1' in the signature

### a reduction without the declared axis
f(x; axis dim = -1) = x - max(x)
---
acts.def:1:27: error: 'max' of one operand reduces over an axis, but none is given [missing-axis]
  1 | f(x; axis dim = -1) = x - max(x)
    |                           ^^^^^^
  hint: name the axis: 'max[dim](…)'

### a reduction over an unknown axis
f(x) = sum[d](x)
---
acts.def:1:12: error: unknown axis 'd' [unknown-axis]
  1 | f(x) = sum[d](x)
    |            ^
  hint: declare it after a ';': 'axis d = -1'

### a reduction over another axis
f(x; axis d = -1) = sum[e](x) + sum[d](x)
---
acts.def:1:25: error: unknown axis 'e' [unknown-axis]
  1 | f(x; axis d = -1) = sum[e](x) + sum[d](x)
    |                         ^
  hint: the axis is called 'd'

### a reduction over a number
f(x) = sum[-1](x)
---
acts.def:1:12: error: an axis is named in brackets, not numbered [undeclared-axis]
  1 | f(x) = sum[-1](x)
    |            ^^
  hint: declare it after a ';', 'axis d = -1', and write '[d]'

### a reduction over a parameter
f(x; a = 1) = a * sum[a](x)
---
acts.def:1:23: error: 'a' is a hyperparameter, not an axis [unknown-axis]
  1 | f(x; a = 1) = a * sum[a](x)
    |                       ^
  hint: declare an axis after a ';': 'axis d = -1'

### a reduction of two operands
f(x; axis d = -1) = sum[d](x, 1)
---
acts.def:1:21: error: 'sum' over an axis takes 1 operand, not 2 [argument-count]
  1 | f(x; axis d = -1) = sum[d](x, 1)
    |                     ^^^^^^^^^^^^

### an axis for a function that does not reduce
f(x; axis d = -1) = exp[d](x)
---
acts.def:1:25: error: 'exp' does not reduce over an axis [unexpected-axis]
  1 | f(x; axis d = -1) = exp[d](x)
    |                         ^
  hint: remove the brackets

### two axes
f(x; axis d = -1, axis e = 0) = sum[d](x) + sum[e](x)
---
acts.def:1:19: error: 'e' is a second axis: a definition reduces over one [second-axis]
  1 | f(x; axis d = -1, axis e = 0) = sum[d](x) + sum[e](x)
    |                   ^^^^^^^^^^
  hint: split it into two definitions

### an axis as a number
f(x; axis d = -1) = x * d
---
acts.def:1:25: error: 'd' is an axis, not a number [axis-for-number]
  1 | f(x; axis d = -1) = x * d
    |                         ^
  hint: an axis stands in brackets, as in 'sum[d](x)'

### an axis that is no integer
f(x; axis d = 0.5) = sum[d](x)
---
acts.def:1:6: error: the axis is no small integer [axis-not-integer]
  1 | f(x; axis d = 0.5) = sum[d](x)
    |      ^^^^^^^^^^^^
  expected: an integer such as -1, which is the last axis

### a default that names an input
f(x; a = x) = a * x
---
acts.def:1:10: error: 'x' is an input, but defaults and ranges are constant [not-constant]
  1 | f(x; a = x) = a * x
    |          ^
  expected: numbers, 'pi' and arithmetic

### a default that names a parameter
f(x; a = 1, b = 2 * a) = a * x * b
---
acts.def:1:21: error: 'a' is a hyperparameter, but defaults and ranges are constant [not-constant]
  1 | f(x; a = 1, b = 2 * a) = a * x * b
    |                     ^
  expected: numbers, 'pi' and arithmetic

### a default that calls a definition
g(x) = 2 * x
f(x; a = g(1)) = a * x
---
acts.def:2:10: error: 'g' is a definition, but defaults and ranges call built-in functions only [not-constant]
  2 | f(x; a = g(1)) = a * x
    |          ^^^^

### a default that is a condition
f(x; a = 1 > 0) = a * x
---
acts.def:1:10: error: '1 > 0' is a condition where a number is expected [condition-for-number]
  1 | f(x; a = 1 > 0) = a * x
    |          ^^^^^
  expected: a number
  hint: write 'where(1 > 0, 1, 0)'

### a range that names a parameter
f(x; a = 1, b = 1 in (a, 2)) = a * b * x
---
acts.def:1:23: error: 'a' is a hyperparameter, but defaults and ranges are constant [not-constant]
  1 | f(x; a = 1, b = 1 in (a, 2)) = a * b * x
    |                       ^
  expected: numbers, 'pi' and arithmetic

### learned along something misspelt
f(x; learn w[chanel] = 1) = w * x
---
acts.def:1:14: error: unknown axis 'chanel' [unknown-axis]
  1 | f(x; learn w[chanel] = 1) = w * x
    |              ^^^^^^
  expected: 'channel', or the axis of the definition
  hint: did you mean 'channel'?

### learned along an input
f(x; learn w[x] = 1) = w * x
---
acts.def:1:14: error: 'x' is an input, not an axis [unknown-axis]
  1 | f(x; learn w[x] = 1) = w * x
    |              ^
  expected: 'channel', or the axis of the definition

### a parameter by position
g(x; a = 1) = a * x
f(x) = g(x, 2)
---
acts.def:2:8: error: 'g' takes 1 input, not 2 [argument-count]
  2 | f(x) = g(x, 2)
    |        ^^^^^^^
  expected: x
  hint: parameters go by name: 'a = …'

### a misspelt parameter
g(x; alpha = 1) = alpha * x
f(x) = g(x, alhpa = 2)
---
acts.def:2:13: error: 'g' has no parameter 'alhpa' [unknown-parameter]
  2 | f(x) = g(x, alhpa = 2)
    |             ^^^^^
  expected: alpha
  hint: did you mean 'alpha'?

### an input by name
g(x) = x
f(x) = g(x = x)
---
acts.def:2:8: error: 'g' takes 1 input, not 0 [argument-count]
  2 | f(x) = g(x = x)
    |        ^^^^^^^^
  expected: x
acts.def:2:10: error: 'x' is an input of 'g' [unknown-parameter]
  2 | f(x) = g(x = x)
    |          ^
  hint: inputs are given by position

### an input behind a parameter
g(x; a = 1) = a * x
f(x) = g(a = 1, x)
---
acts.def:2:17: error: an argument by position follows one by name [positional-after-named]
  2 | f(x) = g(a = 1, x)
    |                 ^
  hint: inputs come first, in order

### a parameter given twice
g(x; a = 1) = a * x
f(x) = g(x, a = 1, a = 2)
---
acts.def:2:20: error: 'a' is given twice [duplicate-argument]
  2 | f(x) = g(x, a = 1, a = 2)
    |                    ^

### a learned parameter not given
g(x; learn w = 1) = w * x
f(x) = g(x)
---
acts.def:2:8: error: 'g' learns 'w', which the call does not give [learned-not-given]
  2 | f(x) = g(x)
    |        ^^^^
  hint: declare 'learn w' in the signature of 'f' and pass 'w = w'

### an input for an axis
g(x; axis d = -1) = sum[d](x)
f(x) = g(x, d = x)
---
acts.def:2:17: error: 'x' is no axis for 'd' [axis-argument]
  2 | f(x) = g(x, d = x)
    |                 ^
  expected: an integer, or the axis of this definition

### an axis in brackets for a definition
g(x; axis d = -1) = sum[d](x)
f(x; axis e = 1) = g[e](x)
---
acts.def:2:22: error: 'g' is a definition of this file, which takes no axis in brackets [unexpected-axis]
  2 | f(x; axis e = 1) = g[e](x)
    |                      ^
  hint: give the axis by name: 'd = e'

### a call of itself
f(x) = x * f(x - 1)
---
acts.def:1:12: error: 'f' calls itself: f → f [call-cycle]
  1 | f(x) = x * f(x - 1)
    |            ^
  hint: definitions are formulas: no call may lead back to where it comes from

### a cycle of calls
f(x) = g(x)
g(x) = h(x)
h(x) = f(x)
k(x) = f(x)
---
acts.def:1:8: error: 'f' calls itself through other definitions: f → g → h → f [call-cycle]
  1 | f(x) = g(x)
    |        ^
  hint: definitions are formulas: no call may lead back to where it comes from

### two definitions of one name
f(x) = x
f(x) = 2 * x
---
acts.def:2:1: error: 'f' is defined already, in line 1 [duplicate-definition]
  2 | f(x) = 2 * x
    | ^
  expected: another name

### two inputs of one name
f(x, x) = x
---
acts.def:1:6: error: 'x' is an input already [duplicate-name]
  1 | f(x, x) = x
    |      ^
  expected: another name

### a parameter of an input's name
f(x; x = 1) = x
---
acts.def:1:6: error: 'x' is an input already [duplicate-name]
  1 | f(x; x = 1) = x
    |      ^
  expected: another name

### a let of a parameter's name
f(x; a = 1) = x * a
  let a = 2
---
acts.def:2:7: error: 'a' is a hyperparameter already [duplicate-name]
  2 |   let a = 2
    |       ^
  expected: another name

### two lets of one name
f(x) = a
  let a = x
  let a = 1
---
acts.def:3:7: error: 'a' is a 'let' already [duplicate-name]
  3 |   let a = 1
    |       ^
  expected: another name

### a let before what it needs
f(x) = a
  let a = b
  let b = x
---
acts.def:2:11: error: 'b' is defined only below [later-let]
  2 |   let a = b
    |           ^
  hint: a 'let' sees the 'let's above it: change their order

### a let of itself
f(x) = a
  let a = a + x
---
acts.def:2:11: error: 'a' is defined by itself [later-let]
  2 |   let a = a + x
    |           ^

### a gradient in a hyperparameter
f(x; s = 1) = s * x
  grad s = 1
---
acts.def:2:8: error: 's' is a hyperparameter, which has no gradient [grad-target]
  2 |   grad s = 1
    |        ^
  expected: an input or a learned parameter

### a gradient in nothing
f(input) = input
  grad inptu = 1
---
acts.def:2:8: error: unknown name 'inptu' [grad-target]
  2 |   grad inptu = 1
    |        ^^^^^
  expected: an input or a learned parameter
  hint: did you mean 'input'?

### two gradients in one input
f(x) = x
  grad x = 1
  grad x = 2
---
acts.def:3:3: error: this is a second clause 'grad x' [duplicate-clause]
  3 |   grad x = 2
    |   ^^^^^^^^^^
  hint: remove one

### two classes
f(x) = x
  class A
  class B
---
acts.def:3:3: error: this is a second clause 'class' [duplicate-clause]
  3 |   class B
    |   ^^^^^^^
  hint: remove one

### two splits
f(x, y) = x + y
  split 0
  split 1
---
acts.def:3:3: error: this is a second clause 'split' [duplicate-clause]
  3 |   split 1
    |   ^^^^^^^
  hint: remove one

### a split of one input
f(x) = x
  split 0
---
acts.def:2:3: error: there is one input only: nothing to split a tensor into [split-of-one-input]
  2 |   split 0
    |   ^^^^^^^
  expected: two inputs or more

### a split that is no integer
f(x, y) = x + y
  split 0.5
---
acts.def:2:3: error: the axis to split is no small integer [axis-not-integer]
  2 |   split 0.5
    |   ^^^^^^^^^
  expected: an integer such as -1, which is the last axis

### a misspelt distribution
f(x) = x * a
  random a = train unifrom(0, 1) eval 0
---
acts.def:2:20: error: unknown distribution 'unifrom' [unknown-distribution]
  2 |   random a = train unifrom(0, 1) eval 0
    |                    ^^^^^^^
  expected: 'uniform(lo, hi)', 'normal(mean, std)' or 'bernoulli(p)'
  hint: did you mean 'uniform'?

### another name of a distribution
f(x) = x * a
  random a = train gaussian(0, 1) eval 0
---
acts.def:2:20: error: unknown distribution 'gaussian' [unknown-distribution]
  2 |   random a = train gaussian(0, 1) eval 0
    |                    ^^^^^^^^
  expected: 'uniform(lo, hi)', 'normal(mean, std)' or 'bernoulli(p)'
  hint: did you mean 'normal'?

### a distribution with too few arguments
f(x) = x * a
  random a = train uniform(1) eval 0
---
acts.def:2:20: error: 'uniform' takes 2 arguments, not 1 [argument-count]
  2 |   random a = train uniform(1) eval 0
    |                    ^^^^^^^^^
  expected: 'uniform(lo, hi)'

### a random that depends on itself
f(x) = x * a
  random a = train normal(b, 1) eval 0
  let b = a
---
acts.def:2:10: error: 'a' is drawn from a distribution that depends on 'a' itself [random-cycle]
  2 |   random a = train normal(b, 1) eval 0
    |          ^

### no inputs
f() = 1
---
acts.def:1:1: error: 'f' has no input [no-inputs]
  1 | f() = 1
    | ^
  expected: at least one input, as in 'f(x)'

### one name once exported
foo_bar(x) = x
fooBar(x) = 2 * x
---
acts.def:2:1: error: 'fooBar' and 'foo_bar' (line 1) would share the exported name 'fooBar' [name-collision]
  2 | fooBar(x) = 2 * x
    | ^^^^^^
  hint: rename one of them

### one file name on some file systems
Foo(x) = x
foo(x) = 2 * x
---
acts.def:2:1: error: 'foo' and 'Foo' (line 1) would share the file name 'foo' [name-collision]
  2 | foo(x) = 2 * x
    | ^^^
  hint: rename one of them

### one class
f(x) = x
  class A
g(x) = 2 * x
  class A
---
acts.def:4:9: error: 'g' and 'f' (line 1) would share the class 'A' [name-collision]
  4 |   class A
    |         ^
  hint: give it another 'class'

### a class called as its function
f(x) = x
  class f
---
acts.def:2:9: error: the function and the class of 'f' would both be called 'f' [name-collision]
  2 |   class f
    |         ^
  hint: give it another 'class'

### two parameters of one name once exported
f(x; foo_bar = 1, fooBar = 2) = x * foo_bar * fooBar
---
acts.def:1:19: error: 'foo_bar' and 'fooBar' are both called 'fooBar' in generated code [name-collision]
  1 | f(x; foo_bar = 1, fooBar = 2) = x * foo_bar * fooBar
    |                   ^^^^^^
  expected: another name

### too large by calls
a(x) = x * exp(x)
b(x) = a(x) + a(x) + a(x) + a(x) + a(x) + a(x) + a(x) + a(x) + a(x) + a(x)
c(x) = b(x) + b(x) + b(x) + b(x) + b(x) + b(x) + b(x) + b(x) + b(x) + b(x)
d(x) = c(x) + c(x) + c(x) + c(x) + c(x) + c(x) + c(x) + c(x) + c(x) + c(x)
e(x) = d(x) + d(x) + d(x) + d(x) + d(x) + d(x) + d(x) + d(x) + d(x) + d(x)
f(x) = e(x) + e(2 * x)
---
acts.def:6:8: error: with the call of 'e' expanded, 'f' exceeds 100000 nodes (this call alone brings 72219) [expansion-too-large]
  6 | f(x) = e(x) + e(2 * x)
    |        ^^^^
  hint: name what is used several times by a 'let' and call it once

### everything unused
f(x, y; a = 1, learn b = 1, axis d = 1) = x
  let q = 1
  random r = train normal(0, 1) eval 0
---
acts.def:1:6: warning: 'y' is an input that nothing uses [unused-input]
  1 | f(x, y; a = 1, learn b = 1, axis d = 1) = x
    |      ^
  hint: remove it
acts.def:1:9: warning: 'a' is a hyperparameter that nothing uses [unused-parameter]
  1 | f(x, y; a = 1, learn b = 1, axis d = 1) = x
    |         ^
  hint: remove it
acts.def:1:22: warning: 'b' is a learned parameter that nothing uses [unused-parameter]
  1 | f(x, y; a = 1, learn b = 1, axis d = 1) = x
    |                      ^
  hint: remove it
acts.def:1:34: warning: 'd' is an axis that nothing uses [unused-parameter]
  1 | f(x, y; a = 1, learn b = 1, axis d = 1) = x
    |                                  ^
  hint: remove it
acts.def:2:7: warning: 'q' is a 'let' that nothing uses [unused-let]
  2 |   let q = 1
    |       ^
  hint: remove it
acts.def:3:10: warning: 'r' is a 'random' that nothing uses [unused-random]
  3 |   random r = train normal(0, 1) eval 0
    |          ^
  hint: remove it

### two errors in one definition
f(x) = sni(x) + cso(x)
---
acts.def:1:8: error: unknown function 'sni' [unknown-function]
  1 | f(x) = sni(x) + cso(x)
    |        ^^^
  hint: did you mean 'sin'?
acts.def:1:17: error: unknown function 'cso' [unknown-function]
  1 | f(x) = sni(x) + cso(x)
    |                 ^^^
  hint: did you mean 'cos'?

### an error in each of two definitions
f(x) = (x
g(x) = y
---
acts.def:1:8: error: this '(' is never closed [unclosed-bracket]
  1 | f(x) = (x
    |        ^
  expected: ')'
acts.def:2:8: error: unknown name 'y' [unknown-name]
  2 | g(x) = y
    |        ^
  expected: x
`;

test.each(sections(table))("$title", ({ source, message }) => {
  expect(diagnose(source).text).toBe(message);
});
