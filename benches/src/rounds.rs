//! Interleaved rounds: whatever the machine does meanwhile, it does to all contestants alike.

use crate::figure::Figure;

/// A contestant that is ready to run a round of its case.
pub(crate) struct Entrant {
    pub(crate) name: String,
    /// One round, in the unit of the case.
    pub(crate) round: Box<dyn FnMut() -> f64>,
}

/// Runs each contestant once a round, after one round that is not counted.
pub(crate) fn interleave(case: &str, measure: &'static str, rounds: usize, entrants: &mut [Entrant]) -> Vec<Figure> {
    let mut results: Vec<Vec<f64>> = vec![Vec::new(); entrants.len()];
    for round in 0..=rounds {
        for (entrant, results) in entrants.iter_mut().zip(&mut results) {
            let result = (entrant.round)();
            if round > 0 {
                results.push(result);
            }
        }
    }
    let named = entrants.iter().zip(results);
    named.map(|(entrant, results)| Figure::of_rounds(case, &entrant.name, measure, results)).collect()
}

#[test]
fn rounds_are_interleaved_and_the_first_is_not_counted() {
    let order = std::rc::Rc::new(std::cell::RefCell::new(String::new()));
    let entrant = |name: &'static str| {
        let order = order.clone();
        let round = move || {
            order.borrow_mut().push_str(name);
            order.borrow().len() as f64
        };
        Entrant { name: name.to_owned(), round: Box::new(round) }
    };
    let figures = interleave("case", "calls", 2, &mut [entrant("a"), entrant("b")]);
    assert_eq!(order.borrow().as_str(), "ababab");
    assert_eq!(figures[0].min, 3.0);
}
