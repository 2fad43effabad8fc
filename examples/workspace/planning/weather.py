"""The rain gauge, for the garden's programs in MeTTa: `(import! &self planning:weather)`."""

from hyperon import OperationAtom, ValueAtom
from hyperon.ext import register_atoms

# Litres that fall on a bed in a day, by season; measured at the pond.
FALLEN = {"Spring": 2, "Summer": 1, "Autumn": 3, "Winter": 2}


def rainfall(season):
    """Litres of rain that a bed gets in a day of a season."""
    return [ValueAtom(FALLEN[season.get_name()])]


@register_atoms
def weather_atoms():
    return {"rainfall": OperationAtom("rainfall", rainfall, ["Symbol", "Number"], unwrap=False)}
