"""Every way to misbehave, by name, and what a puller must make of it."""

from collections.abc import Callable, Mapping

from tests.upstream import bodies, lies, replies, wires
from tests.upstream.exchange import Exchange

Misbehaviour = Callable[[Exchange], None]


def _named(*ways: Misbehaviour) -> dict[str, Misbehaviour]:
    return {way.__name__: way for way in ways}


FAILING: Mapping[str, Misbehaviour] = _named(*wires.ALL, *replies.ALL, *bodies.ALL)
"""Nothing of such an answer may be taken for true; the status tells of it."""

LYING: Mapping[str, Misbehaviour] = _named(*lies.BROKEN)
"""Records that are wrong beside others that are right: the right ones land."""

ODD: Mapping[str, Misbehaviour] = _named(*wires.ODD, *replies.ODD, *bodies.ODD, *lies.ODD)
"""Unusual, and either right or harmless: nothing may come to harm."""

MISBEHAVIOURS: Mapping[str, Misbehaviour] = {**FAILING, **LYING, **ODD}
