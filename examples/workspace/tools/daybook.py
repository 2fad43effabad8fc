"""Prints what there is to do in a month: `python tools/daybook.py 7 Summer`, from anywhere."""

import sys
from pathlib import Path

from hyperon import Environment, MeTTa

TOOLS = Path(__file__).parent

GATHER = """
!(register-module! ../lib)
!(register-module! ../garden)
!(register-module! ../planning)
!(import! &self garden)
!(import! &self planning:beds)
!(import! &self planning:rain)

; What stands in a bed and is worth a look.
(= (worth-a-look $bed $month)
   (let* (($plants (standing-in $bed))
          ($plant (superpose $plants))
          ($blooming (in-bloom $month)))
     (if (== $plant $blooming) $plant (empty))))
"""


def daybook(month, season):
    metta = MeTTa(env_builder=Environment.custom_env(working_dir=str(TOOLS)))
    metta.run(GATHER)
    metta.run("!(plant-in lavender herb-spiral) !(plant-in ramsons north-wall)")
    for bed in ("herb-spiral", "north-wall"):
        print(bed, "to see:", metta.run(f"!(worth-a-look {bed} {month})", flat=True))
        print(bed, "litres:", metta.run(f"!(water-today {bed} {season})", flat=True))


if __name__ == "__main__":
    daybook(int(sys.argv[1]), sys.argv[2])
