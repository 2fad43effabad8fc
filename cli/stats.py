"""`metta-index stats`: what the index holds, and how the last build went."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated

from metta_index.cli.exits import one_of, say
from metta_index.cli.options import FORMAT_OPTION, NO_REFRESH_OPTION, ROOT_OPTION
from metta_index.cli.refresh import answering, refresh, what_is_left_out
from metta_index.cli.session import open_session
from metta_index.indexer.linking.aliases import AliasSource

#: Where the names of the workspace come from, as people are told.
_SOURCES = {
    AliasSource.CONFIGURED: "`alias` in the configuration",
    AliasSource.GIT_REMOTE: "from its git remote",
    AliasSource.FOLDER: "from its folder; set `alias` to be independent of it",
    AliasSource.NONE: "set `alias` to name it",
}


def stats_command(
    root: Annotated[Path | None, ROOT_OPTION] = None,
    output_format: Annotated[str, FORMAT_OPTION] = "text",
    no_refresh: Annotated[bool, NO_REFRESH_OPTION] = False,
) -> int:
    """Show what the index holds, and how the last build that indexed something was planned and went.

    Examples:

      metta-index stats

      metta-index stats --format json | jq .last_build.plan
    """
    one_of("--format", output_format, "text", "json")
    with open_session(root) as session:
        refresh(session, not no_refresh)
        from metta_index.indexer.linking.import_facts import counts, counts_text

        with answering(session):
            manifest = session.index.manifest()
            dialects = Counter(document.dialect for document in session.index.documents())
            left_out = what_is_left_out(session)
            imports = counts(session.index.all_imports())
            last = json.loads(session.index.meta("last_build") or "null")
        aliases = session.workspace().aliases()
        totals = manifest.totals if manifest else {}
        found = {
            "schema": 1,
            "root": str(session.root),
            "index": str(session.index.path) if session.index.path else None,
            "documents": sum(dialects.values()),
            "dialects": dict(sorted(dialects.items())),
            **totals,
            "imports": imports,
            "alias": {"names": list(aliases.names), "source": str(aliases.source)},
            "last_build": last,
        }
    if output_format == "json":
        print(json.dumps(found, ensure_ascii=False))
        return 0
    if left_out:
        say(left_out)
    print(f"{found['documents']:,} documents in {found['root']}")
    for dialect, count in sorted(dialects.items()):
        print(f"  {count:,} {dialect}")
    for name, count in totals.items():
        if name != "heads_only":
            print(f"{count:,} {name.replace('_count', 's')}")
    total = sum(count for ways in imports.values() for count in ways.values())
    print(f"{total:,} imports" + (f": {counts_text(imports)}" if total else ""))
    print(f"the workspace is also called: {', '.join(aliases.names) or 'nothing'} ({_SOURCES[aliases.source]})")
    if last:
        plan, work = last["plan"], last["work"]
        print(f"last build: {plan['backend']}, {plan['workers']} worker(s): {plan['reason']}")
        print(f"  estimated {plan['estimated_ms']:,} ms, took {plan['actual_ms']:,} ms")
        print("  " + ", ".join(f"{count:,} {name}" for name, count in work.items()))
    return 0
