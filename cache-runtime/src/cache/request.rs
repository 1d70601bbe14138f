//! One call's entry: its key, what it depends on, and the policy that holds for it.

use super::Cache;
use super::demand::Demand;
use super::ground::Ground;
use super::l1::Region;
use super::shared::{FENCE_LIFE_MS, GENERATION_MARGIN_MS};
use super::slot::Slot;
use super::stale::Sight;
use crate::codec::Value;
use crate::envelope::HEAD_BYTES;
use crate::function::{Function, function_dependency, tag_dependency};
use crate::key::{Dependency, Id, Key, Part};
use crate::policy::{Policy, Tiers};
use crate::registry;
use crate::schema::Schema;
use crate::stamp::Partition;
use crate::store::{Begin, Lease};
use crate::telemetry::Group;
use std::sync::Arc;

/// An entry that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Whose call it is; none by hand, or of a writer.
    pub(crate) function: Option<&'static Function>,
    /// The fingerprint that memory knows it by.
    pub(crate) print: Id,
    pub(crate) key: Key,
    pub(crate) dependencies: Arc<[Dependency]>,
    pub(crate) policy: Arc<Policy>,
    pub(crate) demand: Demand,
    /// For whom it is counted.
    pub(crate) group: Group,
    /// Whose room in memory its entry takes up.
    pub(super) region: Region,
    /// Whether its value has tags of its own.
    pub(crate) has_late_tags: bool,
    /// Whether its value has a life of its own.
    pub(crate) lives_by_value: bool,
    /// The lease that its load is to take.
    pub(super) lease: Option<Lease>,
    /// Where a caller with little time looks for what it could show instead.
    pub(crate) sight: Option<Arc<Sight>>,
    /// The shape of its values, if it lies beside an entry of another one.
    pub(super) aside: Option<Schema>,
    /// What tells the errors of its function that are remembered from everything else.
    pub(crate) is_remembered: Option<fn(&Value) -> bool>,
}

impl Request {
    /// Of a call of a cached function.
    pub(crate) fn of_call(cache: &Cache, function: &'static Function, print: Id, values: &[Part<'_>]) -> Self {
        let key = cache.name(function.spec().template.key(function.path(), values));
        let common = cache.common_of(function);
        let lives_by_value = function.spec().lives_by_value;
        let errors = function.spec().remembers_errors.then(|| key_dependency(key.as_str()));
        let own = function.dependencies(values).chain(errors).map(|text| cache.name(text));
        let dependencies = common.dependencies.iter().cloned().chain(own).collect();
        let named = Self::of_names(cache, print, key, dependencies, common.policy.clone());
        Self { function: Some(function), lives_by_value, region: common.region, group: common.group, ..named }
    }

    /// Of a value that a writer returned: it depends on all that its key's cached functions depend on, and is kept as the
    /// first of them keeps it, unless the writer says otherwise.
    pub(crate) fn of_put(cache: &Cache, writer: &'static Function, print: Id, values: &[Part<'_>]) -> Self {
        let key = cache.name(writer.spec().template.key(writer.path(), values));
        let readers = registry::readers(writer);
        let all = readers.iter().copied().chain([writer]);
        let dependencies = all.flat_map(|of| of.dependencies(values).chain(of.selves().iter().cloned()));
        let own = readers.iter().any(|of| rests_on_key(cache, of)).then(|| key_dependency(key.as_str()));
        let dependencies = dependencies.chain(own).collect();
        let policy = match readers.first() {
            Some(reader) => Arc::new(cache.policy_of(reader).overlaid_by(&(writer.spec().policy)())),
            None => cache.policy_of(writer),
        };
        let lives_by_value = writer.spec().lives_by_value;
        let region = readers.first().map_or(Region::SHARED, |reader| cache.region_of(reader, &policy));
        Self { lives_by_value, region, ..Self::new(cache, print, key, dependencies, policy) }
    }

    /// Of a key by hand.
    pub(crate) fn by_hand(cache: &Cache, key: &str, policy: Policy) -> Self {
        // A function may serve what is kept under its key by hand, and the other way round.
        let functions = || registry::functions_with(key);
        let texts = functions().map(|function| function_dependency(&registry::name_of(function)));
        let own = functions().any(|function| rests_on_key(cache, function)).then(|| key_dependency(key));
        let texts = texts.chain(own).collect();
        let key = cache.name(key.to_owned());
        let policy = Arc::new(cache.shared.settings.defaults.overlaid_by(&policy));
        // The key's own hash stands for it in memory too: no function's fingerprint is the hash of a single text.
        Self::new(cache, key.id(), key, texts, policy)
    }

    fn new(cache: &Cache, print: Id, key: Key, texts: Vec<String>, policy: Arc<Policy>) -> Self {
        let tags = policy.tags.iter().map(|tag| tag_dependency(tag));
        let dependencies = texts.into_iter().chain(tags).map(|text| cache.name(text)).collect();
        Self::of_names(cache, print, key, dependencies, policy)
    }

    /// Of names that include the policy's tags.
    fn of_names(cache: &Cache, print: Id, key: Key, mut names: Vec<Dependency>, policy: Arc<Policy>) -> Self {
        // What memory keeps alone rests on it; and to bump it ends an entry that may still stand in.
        if policy.tiers == Some(Tiers::L1) || policy.stale_if_error.is_some() {
            names.push(cache.name(key_dependency(key.as_str())));
        }
        names.sort_unstable_by(|left, right| left.as_str().cmp(right.as_str()));
        names.dedup();
        let dependencies = names.into();
        let demand = Demand::of(cache, &policy);
        Self {
            function: None,
            print,
            key,
            dependencies,
            policy,
            demand,
            group: Group::BY_HAND,
            region: Region::SHARED,
            has_late_tags: false,
            lives_by_value: false,
            lease: None,
            sight: None,
            aside: None,
            is_remembered: None,
        }
    }

    /// The request of an entry that was found to have further dependencies: it was filled by another function or by hand.
    pub(crate) fn depending_on(&self, further: impl IntoIterator<Item = Dependency>) -> Self {
        let new = further.into_iter().filter(|name| !self.dependencies.contains(name));
        let dependencies = self.dependencies.iter().cloned().chain(new).collect();
        Self { dependencies, ..self.clone() }
    }

    /// The same entry beside the one of another shape that lies in its place. It has all the dependencies of the usual one,
    /// and the key's own, which removing and setting the key bumps: so whatever ends the one ends the other.
    ///
    /// It is another name, which a removal does not know of. So it stands in for no load that fails: that would bring back
    /// what was removed.
    pub(super) fn aside(&self, cache: &Cache, schema: Schema) -> Self {
        let key = cache.name(format!("{}{ASIDE}{:016x}", self.key, schema.0));
        let policy = Arc::new(Policy { stale_if_error: None, ..(*self.policy).clone() });
        let own = cache.name(key_dependency(self.key.as_str()));
        Self { key, policy, aside: Some(schema), ..self.depending_on([own]) }
    }

    /// The same without one of its dependencies.
    pub(super) fn without(&self, name: &Dependency) -> Self {
        let dependencies = self.dependencies.iter().filter(|other| *other != name).cloned().collect();
        Self { dependencies, ..self.clone() }
    }

    /// Those of an entry's dependencies that this request does not have.
    pub(crate) fn unknown_of(&self, listed: &[&str]) -> Vec<String> {
        let is_unknown = |text: &&&str| !self.dependencies.iter().any(|name| name.as_str() == **text);
        listed.iter().filter(is_unknown).map(|text| (*text).to_owned()).collect()
    }

    /// Whether whatever invalidates this request's entry also invalidates what has the dependencies `listed`.
    pub(crate) fn is_covered_by(&self, listed: &[Dependency]) -> bool {
        self.dependencies.iter().all(|name| listed.contains(name))
    }

    /// The same of an entry in memory.
    pub(crate) fn is_covered_by_entry(&self, slot: &Slot) -> bool {
        self.dependencies.iter().all(|name| slot.depends_on(name))
    }

    /// What a store is asked to prepare before a load that depends on these.
    pub(super) fn begin<'a>(&'a self, dependencies: &'a [Dependency]) -> Begin<'a> {
        Begin {
            key: &self.key,
            dependencies,
            generation_life_ms: self.longest_life_ms().saturating_add(GENERATION_MARGIN_MS),
            fence_life_ms: FENCE_LIFE_MS,
            lease: self.lease,
            head: HEAD_BYTES,
        }
    }

    /// The same of a caller that runs nothing in the background: it is shown nothing stale, which nobody would renew.
    pub(crate) fn in_the_foreground(&self, has_late_tags: bool) -> Self {
        let mut own = Self { has_late_tags, ..self.clone() };
        if own.policy.stale_while_revalidate.is_some() {
            Arc::make_mut(&mut own.policy).stale_while_revalidate = None;
        }
        own
    }

    /// Whether what is loaded has any life at all.
    pub(crate) fn is_kept(&self) -> bool {
        self.policy.ttl.is_some() || self.lives_by_value
    }

    pub(crate) fn tiers(&self) -> Tiers {
        self.policy.tiers.unwrap_or_default()
    }

    /// The cells of the key and of every dependency, by partition. Made before the store is read for the call.
    pub(crate) fn grounds(&self, cache: &Cache) -> Vec<Ground> {
        let count = cache.space.partitions.len() as u16;
        if count == 1 {
            let cells = self.dependencies.iter().map(|name| cache.shared.cells.of(name));
            let cells = cells.chain([cache.shared.cells.of_key(&self.key)]).collect();
            return vec![Ground { knowledge: cache.space.knowledge(Partition(0)).clone(), cells }];
        }
        let mut names: Vec<&Key> = self.dependencies.iter().chain([&self.key]).collect();
        names.sort_by_key(|name| name.partition(count));
        let same = |left: &&Key, right: &&Key| left.partition(count) == right.partition(count);
        let cell = |name: &&Key| match std::ptr::eq(*name, &self.key) {
            true => cache.shared.cells.of_key(name),
            false => cache.shared.cells.of(name),
        };
        let ground = |names: &[&Key]| Ground {
            knowledge: cache.space.knowledge(names[0].partition(count)).clone(),
            cells: names.iter().map(cell).collect(),
        };
        names.chunk_by(same).map(ground).collect()
    }
}

/// Whether a function asks for its key's own generation along with its values: it may have to end an entry that stays, or
/// an error that memory keeps in the place of one. What others store for it has to have one, too.
fn rests_on_key(cache: &Cache, function: &'static Function) -> bool {
    function.spec().remembers_errors || cache.policy_of(function).stale_if_error.is_some()
}

/// What stands between a key and the schema of an entry that lies aside, in sixteen digits.
const ASIDE: &str = "~s";

/// The key of an entry without the schema behind it, and whether there was one.
pub(super) fn without_schema(text: &str) -> (&str, bool) {
    match text.rsplit_once(ASIDE) {
        Some((key, schema)) if schema.len() == 16 && schema.bytes().all(|byte| byte.is_ascii_hexdigit()) => (key, true),
        _ => (text, false),
    }
}

/// What entries depend on that are in memory only, or can be expired: removing or setting the key bumps it, and so does
/// expiring it.
pub(crate) fn key_dependency(key: &str) -> String {
    format!("key:{key}")
}
