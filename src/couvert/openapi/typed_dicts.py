"""TypedDicts as Pydantic takes them on Python 3.11: there it asks for those of typing_extensions, all the way down."""

from __future__ import annotations

from functools import cache, reduce
from operator import or_
from types import GenericAlias, UnionType
from typing import Annotated, Any, NotRequired, Required, Union, get_args, get_origin, get_type_hints, is_typeddict

from typing_extensions import TypedDict


def acceptable(annotation: Any) -> Any:
    """The same type with other TypedDicts in it, none of which contains itself."""
    if is_typeddict(annotation):
        return _rebuilt(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return Annotated[(acceptable(arguments[0]), *annotation.__metadata__)]
    if origin in (Union, UnionType):
        return reduce(or_, map(acceptable, arguments))
    if origin in (Required, NotRequired):
        return origin[acceptable(arguments[0])]
    return origin[tuple(map(acceptable, arguments))] if isinstance(annotation, GenericAlias) else annotation


@cache
def _rebuilt(typed_dict: Any) -> Any:
    hints = get_type_hints(typed_dict, include_extras=True)
    fields = {
        name: _kept(acceptable(hint), is_required=name in typed_dict.__required_keys__) for name, hint in hints.items()
    }
    make: Any = TypedDict  # its name and fields are known only now
    rebuilt = make(typed_dict.__name__, fields)
    rebuilt.__doc__, rebuilt.__module__ = typed_dict.__doc__, typed_dict.__module__
    return rebuilt


def _kept(hint: Any, *, is_required: bool) -> Any:
    if get_origin(hint) in (Required, NotRequired):
        return hint
    return hint if is_required else NotRequired[hint]
