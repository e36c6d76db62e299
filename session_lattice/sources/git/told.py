"""What the log holds of a repository: the checkpoint that its next reading goes on from."""

import msgspec


class Told(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`signature` is the disk's when the reading began that was told whole, "" before.

    `tips` and `marks` are as in `portion.Portion`. `seen` stands for the references as they were
    told last, `standing` for all of their states so far, `cut` for where a shallow repository
    ends.
    """

    signature: str = ""
    tips: list[str] = []
    marks: dict[str, str] = {}
    standing: str = ""
    seen: str = ""
    cut: str = ""
    warnings: dict[str, int] = {}


_decoder = msgspec.json.Decoder(Told)


def decode(data: bytes) -> Told | None:
    """None for one of another version: the repository is then read from its beginning."""
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError:
        return None
