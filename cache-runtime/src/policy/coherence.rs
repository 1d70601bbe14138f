//! Policies that contradict themselves. The attribute refuses what is written in figures; what comes from expressions, the
//! builder and the environment is known at run time only.

use super::Policy;
use std::time::Duration;

impl Policy {
    /// What is wrong with a policy as one author wrote it, a sentence each.
    pub(crate) fn mistakes(&self) -> Vec<String> {
        let l1_ttl = not_above("l1_ttl", self.l1_ttl, "ttl", self.ttl);
        self.contradictions().into_iter().chain(l1_ttl).collect()
    }

    /// What is wrong with a policy whoever wrote which part of it. A longer `l1_ttl` than `ttl` is nothing wrong then: a
    /// bound for every function, which this one does not need.
    pub(crate) fn contradictions(&self) -> Vec<String> {
        let all = [
            outside("jitter", self.jitter, "from 0 to below 1", |jitter| (0.0..1.0).contains(&jitter)),
            outside("early", self.early, "a finite number from 0 on", |early| early >= 0.0 && early.is_finite()),
            not_below("soft_timeout", self.soft_timeout, "hard_timeout", self.hard_timeout),
            not_below("refresh_every", self.refresh_every, "ttl", self.ttl),
            self.local.filter(|size| size.is_off()).map(|_| "`local` has room for nothing".to_owned()),
        ];
        all.into_iter().flatten().collect()
    }
}

fn outside(name: &str, value: Option<f64>, range: &str, is_inside: impl Fn(f64) -> bool) -> Option<String> {
    let value = value.filter(|value| !is_inside(*value))?;
    Some(format!("`{name}` is {value} and should be {range}"))
}

fn not_below(name: &str, value: Option<Duration>, longer_name: &str, longer: Option<Duration>) -> Option<String> {
    let (value, longer) = value.zip(longer).filter(|(value, longer)| value >= longer)?;
    Some(format!("`{name}` is {value:?} and should be shorter than `{longer_name}`, which is {longer:?}"))
}

fn not_above(name: &str, value: Option<Duration>, longer_name: &str, longer: Option<Duration>) -> Option<String> {
    let (value, longer) = value.zip(longer).filter(|(value, longer)| value > longer)?;
    Some(format!("`{name}` is {value:?} and should be no longer than `{longer_name}`, which is {longer:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Option<Duration> = Some(Duration::from_secs(1));
    const LONG: Option<Duration> = Some(Duration::from_secs(60));

    fn sole(policy: &Policy) -> String {
        match policy.mistakes().as_slice() {
            [mistake] => mistake.clone(),
            mistakes => panic!("one mistake and not {mistakes:?}"),
        }
    }

    #[test]
    fn what_says_nothing_or_fits_is_no_mistake() {
        assert_eq!(Policy::default().mistakes(), Vec::<String>::new());
        let coherent = Policy {
            ttl: LONG,
            l1_ttl: LONG,
            jitter: Some(0.0),
            early: Some(0.0),
            soft_timeout: SHORT,
            hard_timeout: LONG,
            refresh_every: SHORT,
            ..Policy::default()
        };
        assert_eq!(coherent.mistakes(), Vec::<String>::new());
    }

    #[test]
    fn shares_and_factors_have_bounds() {
        for jitter in [-0.1, 1.0, 7.0, f64::NAN, f64::INFINITY] {
            let mistake = sole(&Policy { jitter: Some(jitter), ..Policy::default() });
            assert!(mistake.ends_with("should be from 0 to below 1"), "{mistake}");
        }
        for early in [-1.0, f64::NAN, f64::INFINITY] {
            let mistake = sole(&Policy { early: Some(early), ..Policy::default() });
            assert!(mistake.ends_with("should be a finite number from 0 on"), "{mistake}");
        }
    }

    #[test]
    fn what_has_to_be_the_shorter_is_told_so_with_both_lengths() {
        let soft = Policy { soft_timeout: LONG, hard_timeout: LONG, ..Policy::default() };
        assert_eq!(sole(&soft), "`soft_timeout` is 60s and should be shorter than `hard_timeout`, which is 60s");
        let refresh = Policy { refresh_every: LONG, ttl: SHORT, ..Policy::default() };
        assert_eq!(sole(&refresh), "`refresh_every` is 60s and should be shorter than `ttl`, which is 1s");
        let memory = Policy { l1_ttl: LONG, ttl: SHORT, ..Policy::default() };
        assert_eq!(sole(&memory), "`l1_ttl` is 60s and should be no longer than `ttl`, which is 1s");
    }

    #[test]
    fn a_bound_on_lives_in_memory_for_all_functions_contradicts_none() {
        let everywhere = Policy { l1_ttl: LONG, ..Policy::default() };
        assert_eq!(everywhere.overlaid_by(&Policy::ttl(Duration::from_secs(1))).contradictions(), Vec::<String>::new());
    }
}
