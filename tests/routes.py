"""Which right each route stands under, read from the view and from what it calls: use cases and require()."""

import ast
import inspect
import textwrap
from collections import defaultdict

from portal.core import access
from portal.core.http import PUBLIC
from portal.core.usecases import DOORS

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
OWN = {  # what every officer has, whatever the role, and no record of anybody else
    "home",  # leads on to the first module there is a right to
    "live.stream",  # an address signed for this officer by a page that was allowed
    "accounts.sign_out",
    "accounts.sign_out_organisation",
    "accounts.choose_language",
    "accounts.waiting",
    "accounts.prove",
    "accounts.prove_organisation",
    "accounts.carry_on",
    "accounts.passkey_options",
}


def rights(app):
    """Each (endpoint, method) with the acts that its view asks for."""
    found = defaultdict(set)
    for rule in app.url_map.iter_rules():
        for method in rule.methods & METHODS:
            found[rule.endpoint, method] |= _acts(_begins_with(app.view_functions[rule.endpoint]), set())
    return dict(found)


def undeclared(app):
    """The endpoints anybody signed in could call whatever their role, and that are not on the list of such."""
    return {endpoint for (endpoint, _method), acts in rights(app).items() if not acts and endpoint not in PUBLIC | OWN}


def _begins_with(view):
    """The function a request comes to: of an operation of the API its use case."""
    view = inspect.unwrap(view)
    inner = inspect.getclosurevars(view).nonlocals if inspect.isfunction(view) else {}
    return inner["operation"].use_case if "operation" in inner else view


def _acts(called, seen):
    if not inspect.isfunction(called) or not called.__module__.startswith(("portal.", "tests.")):
        return set()
    name = f"{called.__module__}.{called.__qualname__}"
    if name in seen or name.startswith("portal.core."):
        return set()
    seen.add(name)
    if name in DOORS and ".commands" in name:
        return {DOORS[name]}  # what a command asks for besides depends on what it finds
    called = inspect.unwrap(called)
    found = {DOORS[name]} if name in DOORS else set()
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(called)))):
        if isinstance(node, ast.Call) and _value(node.func, called) is access.require:
            found |= {argument.value for argument in node.args if isinstance(argument, ast.Constant)}
        elif isinstance(node, ast.Name | ast.Attribute):
            found |= _acts(_value(node, called), seen)
    return found


def _value(node, function):
    """What a name or a dotted name in a function stands for; None for what is known only as it runs."""
    if isinstance(node, ast.Name):
        known = inspect.getclosurevars(function)
        return known.nonlocals.get(node.id, known.globals.get(node.id))
    if isinstance(node, ast.Attribute) and inspect.ismodule(held := _value(node.value, function)):
        return getattr(held, node.attr, None)
    return None
