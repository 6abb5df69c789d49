"""Reads the definition language, as its description has it and independently of the compiler's own front end.

A definition becomes a graph of tuples in which calls and lets are expanded:

    ("number", Fraction)  ("pi",)  ("inf",)  ("variable", name)  (operator, operand, ...)

with operators + - * / neg pow where and or not < <= > >= == != and the names of the functions built in. max, min and
clamp are selections, as the language defines them.
"""

import re
from dataclasses import dataclass, field
from fractions import Fraction

FUNCTIONS = set(
    """abs sign exp log expm1 log1p sqrt rsqrt cbrt logaddexp sigmoid log_sigmoid softplus tanh erf erfc normcdf sin cos
    tan atan asin acos sinh cosh asinh acosh atanh floor ceil round stop_gradient""".split()
)
SELECTIONS = {"where", "max", "min", "clamp", "pow"}
COMPARISONS = {"<", "<=", ">", ">=", "==", "!="}
CLAUSES = {"let", "grad", "random", "class", "split"}
TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(<=|>=|==|!=|[-+*/^()<>,;=\[\]]))")


@dataclass
class Parameter:
    name: str
    learned: bool
    channel: bool
    default: tuple
    #: None, or (lower end, is it closed, upper end, is it closed); an end that is None is infinite.
    range: tuple | None


@dataclass
class Definition:
    name: str
    inputs: list
    parameters: list
    body: tuple
    file: str
    lets: list = field(default_factory=list)

    def learned(self):
        return [p for p in self.parameters if p.learned]


class Unsupported(Exception):
    pass


class Reader:
    """A recursive descent over the symbols of one definition."""

    def __init__(self, text):
        self.tokens, position = [], 0
        text = text.rstrip()
        while position < len(text):
            match = TOKEN.match(text, position)
            if not match:
                raise SyntaxError(f"cannot read {text[position:position + 20]!r}")
            self.tokens.append(match.groups())
            position = match.end()
        self.at = 0

    def peek(self):
        number, name, symbol = self.tokens[self.at] if self.at < len(self.tokens) else (None, None, None)
        return number or name or symbol

    def take(self, expected=None):
        found = self.peek()
        if found is None or (expected is not None and found != expected):
            raise SyntaxError(f"{expected or 'more'} expected, not {found}")
        self.at += 1
        return found

    def accept(self, symbol):
        if self.peek() == symbol:
            self.at += 1
            return True
        return False

    def name(self):
        _, name, _ = self.tokens[self.at]
        self.at += 1
        if name is None:
            raise SyntaxError("a name expected")
        return name

    # Expressions, from the loosest to the tightest.

    def expression(self):
        left = self.conjunction()
        while self.accept("or"):
            left = ("or", left, self.conjunction())
        return left

    def conjunction(self):
        left = self.negation()
        while self.accept("and"):
            left = ("and", left, self.negation())
        return left

    def negation(self):
        return ("not", self.negation()) if self.accept("not") else self.comparison()

    def comparison(self):
        operands, operators = [self.sum()], []
        while self.peek() in COMPARISONS:
            operators.append(self.take())
            operands.append(self.sum())
        if not operators:
            return operands[0]
        parts = [(operator, operands[i], operands[i + 1]) for i, operator in enumerate(operators)]
        whole = parts[0]
        for part in parts[1:]:
            whole = ("and", whole, part)
        return whole

    def sum(self):
        left = self.product()
        while self.peek() in ("+", "-"):
            left = (self.take(), left, self.product())
        return left

    def product(self):
        left = self.unary()
        while self.peek() in ("*", "/"):
            left = (self.take(), left, self.unary())
        return left

    def unary(self):
        return ("neg", self.unary()) if self.accept("-") else self.power()

    def power(self):
        base = self.atom()
        return ("pow", base, self.unary()) if self.accept("^") else base

    def atom(self):
        number, name, _ = self.tokens[self.at]
        if number is not None:
            self.at += 1
            return ("number", Fraction(number))
        if name is None:
            self.take("(")
            inside = self.expression()
            self.take(")")
            return inside
        self.at += 1
        if name in ("pi", "inf"):
            return (name,)
        if self.accept("["):
            raise Unsupported("a reduction")
        if not self.accept("("):
            return ("variable", name)
        positional, named = [], {}
        while not self.accept(")"):
            if self.at + 1 < len(self.tokens) and self.tokens[self.at][1] and self.tokens[self.at + 1][2] == "=":
                key = self.name()
                self.take("=")
                named[key] = self.expression()
            else:
                positional.append(self.expression())
            if self.peek() != ")":
                self.take(",")
        return ("call", name, positional, named)

    def end(self):
        if self.accept("-"):
            return self.end_value(-1)
        return self.end_value(1)

    def end_value(self, sign):
        if self.accept("inf"):
            return None
        value = self.product()
        return ("neg", value) if sign < 0 else value

    def parameter(self):
        learned = self.peek() == "learn" and self.tokens[self.at + 1][1] is not None
        if learned:
            self.take()
        name = self.name()
        if name == "axis" and self.peek() != "=":
            raise Unsupported("an axis")
        channel = False
        if self.accept("["):
            if self.take() != "channel":
                raise Unsupported("a parameter along an axis")
            channel = True
            self.take("]")
        self.take("=")
        default = self.expression()
        limits = None
        if self.accept("in"):
            opening = self.take()
            lower = self.end()
            self.take(",")
            upper = self.end()
            limits = (lower, opening == "[", upper, self.take() == "]")
        return Parameter(name, learned, channel, default, limits)


def logical_parts(text):
    """Definitions as lists of parts: the head with its body, then each clause."""
    definitions = []
    for line in text.replace("\r\n", "\n").lstrip("\ufeff").split("\n"):
        code = line.split("#", 1)[0].rstrip()
        if not code:
            continue
        word = re.match(r"\s+([a-z]+)\b", code)
        if not code[0].isspace() and code[0] not in ")]":
            definitions.append([code])
        elif word and word.group(1) in CLAUSES:
            definitions[-1].append(code)
        else:
            definitions[-1][-1] += "\n" + code
    return definitions


def read_definition(parts, file):
    reader = Reader(parts[0])
    name = reader.name()
    reader.take("(")
    inputs, parameters = [reader.name()], []
    while reader.accept(","):
        inputs.append(reader.name())
    if reader.accept(";"):
        parameters.append(reader.parameter())
        while reader.accept(","):
            parameters.append(reader.parameter())
    reader.take(")")
    reader.take("=")
    definition = Definition(name, inputs, parameters, reader.expression(), file)
    for part in parts[1:]:
        clause = Reader(part)
        kind = clause.name()
        if kind == "let":
            let = clause.name()
            clause.take("=")
            definition.lets.append((let, clause.expression()))
        elif kind in ("grad", "random"):
            raise Unsupported(f"a {kind} clause")
    return definition


def read_file(path):
    """The definitions of a file by name, each with its body expanded."""
    with open(path, encoding="utf-8") as file:
        parts = logical_parts(file.read())
    raw = {}
    for part in parts:
        try:
            definition = read_definition(part, path)
        except Unsupported:
            continue
        raw[definition.name] = definition
    result = {}
    for definition in raw.values():
        scope = {name: ("variable", name) for name in definition.inputs}
        scope.update({p.name: ("variable", p.name) for p in definition.parameters})
        try:
            body = expand(definition, scope, raw, {})
        except Unsupported:
            continue
        parameters = [
            Parameter(p.name, p.learned, p.channel, resolve(p.default, {}, None, {}, {}), resolve_range(p.range))
            for p in definition.parameters
        ]
        result[definition.name] = Definition(definition.name, definition.inputs, parameters, body, path)
    return result


def resolve_range(limits):
    if limits is None:
        return None
    lower, lower_closed, upper, upper_closed = limits
    end = lambda value: None if value is None else resolve(value, {}, None, {}, {})
    return (end(lower), lower_closed, end(upper), upper_closed)


def expand(definition, scope, definitions, interned):
    scope = dict(scope)
    for name, expression in definition.lets:
        scope[name] = resolve(expression, scope, definition, definitions, interned)
    return resolve(definition.body, scope, definition, definitions, interned)


def resolve(expression, scope, inside, definitions, interned):
    """The expression as a graph without names of lets and calls; equal nodes are one object."""
    go = lambda e: resolve(e, scope, inside, definitions, interned)
    keep = lambda node: interned.setdefault(node, node)
    kind = expression[0]
    if kind == "variable":
        return scope[expression[1]]
    if kind in ("number", "pi", "inf"):
        return keep(expression)
    if kind != "call":
        operands = [go(operand) for operand in expression[1:]]
        return keep((kind, *operands))
    _, name, positional, named = expression
    arguments = [go(argument) for argument in positional]
    if name in definitions and (inside is None or name != inside.name):
        callee = definitions[name]
        bound = dict(zip(callee.inputs, arguments))
        for parameter in callee.parameters:
            if parameter.name in named:
                bound[parameter.name] = go(named[parameter.name])
            else:
                bound[parameter.name] = resolve(parameter.default, {}, None, definitions, interned)
        return expand(callee, bound, definitions, interned)
    if name in FUNCTIONS:
        return keep((name, *arguments))
    if name in ("max", "min"):
        comparison = ">" if name == "max" else "<"
        whole = arguments[0]
        for argument in arguments[1:]:
            whole = keep(("where", keep((comparison, whole, argument)), whole, argument))
        return whole
    if name == "clamp":
        x, low, high = arguments
        inner = keep(("where", keep((">=", x, high)), high, x))
        return keep(("where", keep(("<=", x, low)), low, inner))
    if name in SELECTIONS:
        return keep((name, *arguments))
    raise Unsupported(name)


def variables_of(node, known=None):
    """Names of the variables that occur in a graph."""
    known = {} if known is None else known
    if id(node) in known:
        return known[id(node)]
    if node[0] == "variable":
        found = frozenset([node[1]])
    else:
        found = frozenset()
        for operand in node[1:]:
            if isinstance(operand, tuple):
                found |= variables_of(operand, known)
    known[id(node)] = found
    return found


def constant_integer(node):
    """The integer that a graph without variables of whole numbers is, or None."""
    value = rational(node)
    return int(value) if value is not None and value.denominator == 1 else None


def rational(node):
    kind = node[0]
    if kind == "number":
        return node[1]
    if kind == "neg":
        inner = rational(node[1])
        return None if inner is None else -inner
    if kind in ("+", "-", "*", "/"):
        a, b = rational(node[1]), rational(node[2])
        if a is None or b is None or (kind == "/" and b == 0):
            return None
        return a + b if kind == "+" else a - b if kind == "-" else a * b if kind == "*" else a / b
    return None
