"""Forms as they come in, and elements as they go out."""

from __future__ import annotations

from xml.sax.saxutils import escape

from couvert.simulator.sns.rules import invalid

Form = dict[str, str]


def given(form: Form, name: str) -> str:
    if not form.get(name):
        raise invalid(name)
    return form[name]


def map_of(form: Form, name: str) -> dict[str, str]:
    """As `Attributes.entry.1.key=...&Attributes.entry.1.value=...`."""
    keys = {key: value for key, value in form.items() if key.startswith(f"{name}.entry.") and key.endswith(".key")}
    return {value: form.get(f"{key[:-3]}value", "") for key, value in keys.items()}


def attribute(form: Form) -> dict[str, str]:
    """The one that a call sets."""
    return {given(form, "AttributeName"): form.get("AttributeValue", "")}


def element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def entries(attributes: dict[str, str]) -> str:
    inner = "".join(f"<entry>{element('key', key)}{element('value', text)}</entry>" for key, text in attributes.items())
    return f"<Attributes>{inner}</Attributes>"
