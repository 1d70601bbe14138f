//! Interleaved rounds: whatever the machine does meanwhile, it does to all contestants alike.

use crate::figure::Figure;

/// A contestant that is ready to run a round of its case.
pub(crate) struct Entrant<const MEASURES: usize = 1> {
    pub(crate) name: String,
    /// One round, in the units of the case.
    pub(crate) round: Box<dyn FnMut() -> [f64; MEASURES]>,
}

/// Runs each contestant once a round, after one round that is not counted.
pub(crate) fn interleave<const MEASURES: usize>(
    case: &str,
    measures: [&'static str; MEASURES],
    rounds: usize,
    entrants: &mut [Entrant<MEASURES>],
) -> Vec<Figure> {
    let mut results: Vec<Vec<[f64; MEASURES]>> = vec![Vec::new(); entrants.len()];
    for round in 0..=rounds {
        for (entrant, results) in entrants.iter_mut().zip(&mut results) {
            let result = (entrant.round)();
            if round > 0 {
                results.push(result);
            }
        }
    }
    let mut figures = Vec::new();
    for (entrant, results) in entrants.iter().zip(results) {
        for (at, measure) in measures.iter().enumerate() {
            let of_measure = results.iter().map(|result| result[at]).collect();
            figures.push(Figure::of_rounds(case, &entrant.name, measure, of_measure));
        }
    }
    figures
}

#[test]
fn rounds_are_interleaved_and_the_first_is_not_counted() {
    let order = std::rc::Rc::new(std::cell::RefCell::new(String::new()));
    let entrant = |name: &'static str| {
        let order = order.clone();
        let round = move || {
            order.borrow_mut().push_str(name);
            [order.borrow().len() as f64, 7.0]
        };
        Entrant { name: name.to_owned(), round: Box::new(round) }
    };
    let figures = interleave("case", ["calls", "sevens"], 2, &mut [entrant("a"), entrant("b")]);
    assert_eq!(order.borrow().as_str(), "ababab");
    assert_eq!((figures[0].min, figures[1].median), (3.0, 7.0));
}
