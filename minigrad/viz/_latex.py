"""Formulas and rules, written as text, as LaTeX."""

from __future__ import annotations

import re

_FUNCTIONS = {"sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", "min", "max"}
_GREEK = {"alpha", "beta", "delta", "pi", "phi", "Phi"}
_SIGNS = {
    "*": r"\cdot ", "·": r"\cdot ", "≤": r"\leq ", "≥": r"\geq ", "≠": r"\neq ", "ᵀ": "^{T}", "@": " ",
    "<=": r"\leq ", ">=": r"\geq ", "!=": r"\neq ", "~": r"\neg ", "||": r"\|",
    "\N{MINUS SIGN}": "-", "\N{HORIZONTAL ELLIPSIS}": r"\ldots ", "&": r"\wedge ", "{": r"\{", "}": r"\}",
    "%": r"\%", "#": r"\#", "$": r"\$", "^": r"\oplus ",
    ",  ": r",\quad ", ";  ": r";\quad ", ":  ": r":\quad ",
}  # fmt: skip
_NUMBER = r"\d+\.?\d*(?:e[-\N{MINUS SIGN}]?\d+)?"
_WORD = r"[a-zA-Z]{2,}_[a-zA-Z]{2,}|[a-z]{2,}-[a-z]{2,}|[^\W\d_]+(?:'s)?\d*"
_TOKEN = re.compile(rf"[,;:]  |\s+|{_NUMBER}|{_WORD}|\*\*|<=|>=|!=|\|\||.")
_TIGHT = re.compile(r"(^|[-+=/(\[<>]|quad)$")  # after such a sign a word takes no space of its own
_QUOTIENT = re.compile(r"\bd(?P<of> ?[^\s=,;]*?(?:\([^=]*?\))?[^\s=,;]*?(?: [^=,;]*?)?)/d(?P<by>\w+)")


def latex(text: str) -> str:
    r"""A formula of the table, or an expression with numbers, as LaTeX for math mode.

    >>> latex("d tanh(x)/dx = 1 - tanh(x)^2")
    '\\frac{\\partial \\tanh(x)}{\\partial x} = 1 - \\tanh(x)^{2}'
    >>> latex("1 * cos(2)")
    '1 \\cdot  \\cos(2)'
    """
    done, last = "", 0
    for found in _QUOTIENT.finditer(text):
        done += _plain(text[last : found.start()])
        of = _plain(found["of"].strip())
        done += rf"\frac{{\partial {of}}}{{\partial {_plain(found['by'])}}}"
        last = found.end()
    return done + _plain(text[last:])


def name(label: str) -> str:
    r"""The name of a tensor, as LaTeX.

    >>> name("x"), name("v12"), name("0.weight"), name("h_1")
    ('x', 'v_{12}', '\\mathtt{0.weight}', '\\mathtt{h\\_1}')
    """
    if re.fullmatch(r"[^\W\d_]", label):
        return label
    if found := re.fullmatch(r"([^\W\d_])(\d+)", label):
        return f"{found[1]}_{{{found[2]}}}"
    escaped = re.sub(r"([_%#$&{}])", r"\\\1", label)
    return rf"\mathtt{{{escaped}}}"


def _plain(text: str) -> str:
    """Symbols and names; words that are no names stand upright."""
    tokens = _TOKEN.findall(text)
    done, words, i = "", "", 0
    while i < len(tokens):
        token = tokens[i]
        if _is_word(tokens, i):
            words += token
            i += 1
            if i + 1 < len(tokens) and tokens[i].isspace() and _is_word(tokens, i + 1):
                words += " "
                i += 1
            continue
        if words:
            space = " " if token.isspace() and i + 1 < len(tokens) and tokens[i + 1] not in "-+=/)]<>" else ""
            done += rf"\text{{{_space(done)}{words}{space}}}"
            words = ""
        if (
            token in ("^", "**", "_")
            and i + 1 < len(tokens)
            and (token == "**" or not tokens[i + 1].isspace())
        ):
            inside, i = _argument(tokens, i + 1)
            done += f"{'_' if token == '_' else '^'}{{{_plain(inside)}}}"
            continue
        if token == "sqrt" and i + 1 < len(tokens) and tokens[i + 1] == "(":
            inside, i = _argument(tokens, i + 1)
            done += rf"\sqrt{{{_plain(inside)}}}"
            continue
        done += _symbol(token, tokens[i + 1] if i + 1 < len(tokens) else "")
        i += 1
    return done + (rf"\text{{{_space(done)}{words}}}" if words else "")


def _space(done: str) -> str:
    """The space before a word: LaTeX drops those between its symbols."""
    return " " if done.endswith(" ") and not _TIGHT.search(done.rstrip(" ")) else ""


def _is_word(tokens: list[str], i: int) -> bool:
    """True if a token is prose, and not the name of something."""
    token = tokens[i]
    if not token[0].isalpha() or "_" in token or token in _FUNCTIONS | _GREEK | {"sqrt"}:
        return False
    if set(token) <= set("ijk"):  # indices
        return False
    if len(token) == 1:  # the article, between words
        around = tokens[i - 2 : i - 1] + tokens[i + 2 : i + 3]
        return token == "a" and len(around) == 2 and all(len(t) > 1 and t.isalpha() for t in around)
    return tokens[i + 1 : i + 2] != ["("] and tokens[i + 1 : i + 2] != ["_"]


def _argument(tokens: list[str], i: int) -> tuple[str, int]:
    """An exponent or an index: one token with its sign, or what stands in parentheses."""
    while tokens[i].isspace() and i + 1 < len(tokens):
        i += 1
    if tokens[i] in ("-", "\N{MINUS SIGN}") and i + 1 < len(tokens):
        return tokens[i] + tokens[i + 1], i + 2
    if tokens[i] != "(":
        return tokens[i], i + 1
    depth, end = 0, i
    while end < len(tokens):
        depth += {"(": 1, ")": -1}.get(tokens[end], 0)
        end += 1
        if not depth:
            break
    return "".join(tokens[i + 1 : end - 1]), end


def _symbol(token: str, following: str) -> str:
    if token in _SIGNS:
        return _SIGNS[token]
    if token in _FUNCTIONS or token in _GREEK:
        return rf"\{token}" + ("" if following in ("(", "^", "_", ")", ",") else " ")
    if token[0].isalpha() and len(token) > 1:
        escaped = token.replace("_", r"\_")
        return token if set(token) <= set("ijk") else rf"\operatorname{{{escaped}}}"
    return " " if token.isspace() else token
