//! What the garden knows, for programs in Rust: compiled in, and asked as they run.

use hyperon::metta::runner::Metta;
use hyperon::metta::text::SExprParser;
use hyperon_atom::Atom;

const TYPES: &str = include_str!("../garden/types.metta");
const TAXA: &str = include_str!("../garden/taxa.metta");
const PLANTS: &str = include_str!("../garden/plants.metta");

/// A question that is asked again and again.
const FAMILY: &str = "
    (= (family-of-plant $plant)
       (family-of (genus-of $plant)))
";

/// A runner that has read the garden.
pub fn garden() -> Result<Metta, String> {
    let metta = Metta::new(None);
    for text in [TYPES, TAXA, PLANTS] {
        metta.run(SExprParser::new(text))?;
    }
    metta.run(SExprParser::new(FAMILY))?;
    Ok(metta)
}

/// The plants that bloom in a month.
pub fn blooming(metta: &Metta, month: u8) -> Result<Vec<Vec<Atom>>, String> {
    metta.run(SExprParser::new(&format!("!(in-bloom {month})")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sloe_is_a_rose() {
        let metta = garden().unwrap();
        let found = metta.run(SExprParser::new("!(family-of-plant sloe)")).unwrap();
        assert_eq!(found, vec![vec![Atom::sym("Rosaceae")]]);
    }
}
