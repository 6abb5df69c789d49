# The grammar of one definition. Regenerate the parser after a change: node grammar/generate.mjs
#
# It is unambiguous. Words that mean something only in their place (learn, axis, in, train, eval) are names for the
# lexer; they are told from names by what stands next to them.

@preprocessor typescript
@lexer lexer
@{%
import { lexer } from "./lexer.js";
import * as build from "./build.js";
%}

definition -> %name "(" inputs parameters ")" "=" expression clauses
  {% ([name, , inputs, parameters, , , body, clauses]) => build.draft(name, inputs, parameters, body, clauses) %}

# Signature

inputs -> null                         {% () => null %}
        | names                        {% id %}

names -> name                          {% ([name]) => build.append(null, name) %}
       | names "," name                {% ([names, , name]) => build.append(names, name) %}

name -> %name                          {% ([token]) => build.name(token) %}

parameters -> null                     {% () => null %}
            | ";" parameter_list       {% ([, list]) => list %}

parameter_list -> parameter                        {% ([parameter]) => build.append(null, parameter) %}
                | parameter_list "," parameter     {% ([list, , parameter]) => build.append(list, parameter) %}

parameter -> %name "=" expression range
               {% ([name, , value, range]) => build.hyperparameter(name, value, range) %}
           | "learn" %name along "=" expression range
               {% ([word, name, along, , value, range]) => build.learned(word, name, along, value, range) %}
           | "axis" %name "=" integer
               {% ([word, name, , value]) => build.axis(word, name, value) %}

along -> null                          {% () => null %}
       | "[" name "]"                  {% ([, name]) => name %}

range -> null                          {% () => null %}
       | "in" opening expression "," expression closing
           {% ([word, open, low, , high, close]) => build.range(word, open, low, high, close) %}

opening -> "("  {% id %}
         | "["  {% id %}
closing -> ")"  {% id %}
         | "]"  {% id %}

integer -> %number                     {% ([digits]) => build.integer(null, digits) %}
         | "-" %number                 {% ([sign, digits]) => build.integer(sign, digits) %}

# Clauses

clauses -> null                        {% () => null %}
         | clauses clause              {% ([list, clause]) => build.append(list, clause) %}

clause -> %clause_let %name "=" expression    {% ([keyword, name, , value]) => build.letOrGrad("let", keyword, name, value) %}
        | %clause_grad %name "=" expression   {% ([keyword, name, , value]) => build.letOrGrad("grad", keyword, name, value) %}
        | %clause_random %name "=" "train" %name "(" expressions ")" "eval" expression
            {% ([keyword, name, , , distribution, , list, , , evaluation]) =>
                build.random(keyword, name, distribution, list, evaluation) %}
        | %clause_class %name                 {% ([keyword, name]) => build.className(keyword, name) %}
        | %clause_split integer               {% ([keyword, value]) => build.split(keyword, value) %}

expressions -> null                              {% () => null %}
             | expression_list                   {% id %}

expression_list -> expression                     {% ([value]) => build.append(null, value) %}
                 | expression_list "," expression {% ([list, , value]) => build.append(list, value) %}

# Expressions, from loosest to tightest

expression -> disjunction              {% id %}

disjunction -> conjunction                       {% id %}
             | disjunction "or" conjunction      {% ([left, , right]) => build.logical("or", left, right) %}

conjunction -> negation                          {% id %}
             | conjunction "and" negation        {% ([left, , right]) => build.logical("and", left, right) %}

negation -> comparison                           {% id %}
          | "not" negation                       {% ([word, operand]) => build.prefix("not", word, operand) %}

comparison -> sum                                {% id %}
            | chain                              {% ([chain]) => build.comparison(chain) %}

chain -> sum %relation sum             {% ([left, relation, right]) => build.compare(left, relation.value, right) %}
       | chain %relation sum           {% ([chain, relation, right]) => build.compareFurther(chain, relation.value, right) %}

sum -> product                         {% id %}
     | sum "+" product                 {% ([left, , right]) => build.binary("+", left, right) %}
     | sum "-" product                 {% ([left, , right]) => build.binary("-", left, right) %}

product -> signed                      {% id %}
         | product "*" signed          {% ([left, , right]) => build.binary("*", left, right) %}
         | product "/" signed          {% ([left, , right]) => build.binary("/", left, right) %}

signed -> power                        {% id %}
        | "-" signed                   {% ([sign, operand]) => build.prefix("negate", sign, operand) %}

power -> atom                          {% id %}
       | atom "^" signed               {% ([base, , exponent]) => build.binary("^", base, exponent) %}

atom -> %number                        {% ([token]) => build.number(token) %}
      | %constant                      {% ([token]) => build.reference(token) %}
      | %name                          {% ([token]) => build.reference(token) %}
      | "(" expression ")"             {% ([open, inner, close]) => build.parenthesised(open, inner, close) %}
      | %name "(" arguments ")"
          {% ([callee, , list, close]) => build.call(callee, null, list, close) %}
      | %name "[" axis "]" "(" arguments ")"
          {% ([callee, , axis, , , list, close]) => build.call(callee, axis, list, close) %}

axis -> %name                          {% ([token]) => build.axisName(token) %}
      | integer                        {% ([value]) => build.axisNumber(value) %}

arguments -> null                      {% () => null %}
           | argument_list             {% id %}

argument_list -> argument                        {% ([argument]) => build.append(null, argument) %}
               | argument_list "," argument      {% ([list, , argument]) => build.append(list, argument) %}

argument -> expression                 {% ([value]) => ({ kind: "positional", value }) %}
          | name "=" expression        {% ([name, , value]) => ({ kind: "named", name, value }) %}
