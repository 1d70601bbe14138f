//! The derives and the test attribute.

use super::check;
use expect_test::expect;

#[test]
fn an_event_with_cascades() {
    check(
        r#"
        #[derive(CacheEvent)]
        #[event(name = "member_update", cascades(GuildStatsChanged, PhaseChanged { id = self.phase_id }))]
        struct MemberUpdate {
            guild_id: u64,
            phase_id: u64,
            #[event(rename = "user")]
            user_id: Option<u64>,
            #[event(skip)]
            reason: String,
        }
        "#,
        expect![[r#"
            impl door::CacheEvent for MemberUpdate {
                const DECLARATION: &'static door::EventDeclaration = &door::EventDeclaration {
                    name: "member_update",
                    type_name: "MemberUpdate",
                    fields: &["guild_id", "phase_id", "user"],
                    cascades: &[
                        door::Cascade {
                            target: || <GuildStatsChanged as door::CacheEvent>::DECLARATION,
                            fields: door::CascadeFields::Mapped(&[]),
                        },
                        door::Cascade {
                            target: || <PhaseChanged as door::CacheEvent>::DECLARATION,
                            fields: door::CascadeFields::Mapped(&[("id", "phase_id")]),
                        },
                    ],
                    file: door::file!(),
                    line: door::line!(),
                };
                fn to_event(&self) -> door::Event {
                    door::Event::declared(Self::DECLARATION)
                        .field("guild_id", &self.guild_id)
                        .field("phase_id", &self.phase_id)
                        .field("user", &self.user_id)
                }
            }
            door::submit_event!(< MemberUpdate as door::CacheEvent > ::DECLARATION);
            const _: () = door::assert_mapped(
                <MemberUpdate as door::CacheEvent>::DECLARATION,
                <GuildStatsChanged as door::CacheEvent>::DECLARATION,
                &[],
                "`GuildStatsChanged` has a field that `MemberUpdate` has none of the same name for\nhelp: say which stands for it: `cascades(GuildStatsChanged { field = self.other })`",
            );
            const _: () = door::assert_mapped(
                <MemberUpdate as door::CacheEvent>::DECLARATION,
                <PhaseChanged as door::CacheEvent>::DECLARATION,
                &["id"],
                "`PhaseChanged` has a field that `MemberUpdate` has none of the same name for\nhelp: say which stands for it: `cascades(PhaseChanged { field = self.other })`",
            );
            const _: () = door::assert_shares(
                <PhaseChanged as door::CacheEvent>::DECLARATION,
                &["id"],
                "`PhaseChanged` has no field `id` that can be bound\nhelp: what stands left of `=` is a field of `PhaseChanged`",
            );
        "#]],
    );
}

#[test]
fn a_newtype_in_a_key() {
    check(
        r#"
        #[derive(CacheKey)]
        struct GuildId(u64);
        "#,
        expect![[r#"
            #[allow(unused_variables)]
            #[diagnostic::do_not_recommend]
            impl door::KeyPart for GuildId {
                fn write(&self, key: &mut door::KeyWriter) {
                    match self {
                        Self { 0: field_0, .. } => {
                            door::KeyPart::write(field_0, key);
                        }
                    }
                }
                fn fingerprint(&self, print: &mut door::Fingerprinter) {
                    match self {
                        Self { 0: field_0, .. } => {
                            door::KeyPart::fingerprint(field_0, print);
                        }
                    }
                }
            }
        "#]],
    );
}

#[test]
fn an_enum_in_a_key() {
    check(
        r#"
        #[derive(CacheKey)]
        enum Scope<T> {
            All,
            Guild(u64, T),
            User { id: u64, #[key(skip)] trace: u64 },
        }
        "#,
        expect![[r#"
            #[allow(unused_variables)]
            #[diagnostic::do_not_recommend]
            impl<T: door::KeyPart> door::KeyPart for Scope<T> {
                fn write(&self, key: &mut door::KeyWriter) {
                    match self {
                        Self::All { .. } => {
                            key.variant(::core::stringify!(All));
                        }
                        Self::Guild { 0: field_0, 1: field_1, .. } => {
                            key.variant(::core::stringify!(Guild));
                            key.open('(');
                            door::KeyPart::write(field_0, key);
                            key.next();
                            door::KeyPart::write(field_1, key);
                            key.close(')');
                        }
                        Self::User { id: field_0, .. } => {
                            key.variant(::core::stringify!(User));
                            key.open('(');
                            door::KeyPart::write(field_0, key);
                            key.close(')');
                        }
                    }
                }
                fn fingerprint(&self, print: &mut door::Fingerprinter) {
                    match self {
                        Self::All { .. } => {
                            print.variant(0u32);
                        }
                        Self::Guild { 0: field_0, 1: field_1, .. } => {
                            print.variant(1u32);
                            door::KeyPart::fingerprint(field_0, print);
                            door::KeyPart::fingerprint(field_1, print);
                        }
                        Self::User { id: field_0, .. } => {
                            print.variant(2u32);
                            door::KeyPart::fingerprint(field_0, print);
                        }
                    }
                }
            }
        "#]],
    );
}

#[test]
fn a_test_with_a_cache_of_its_own() {
    check(
        r#"
        #[test(flavor = "multi_thread", worker_threads = 4)]
        async fn is_cached(cache: Cache) -> Result<(), Error> {
            cache.clear().await
        }
        "#,
        expect![[r#"
            #[::core::prelude::v1::test]
            fn is_cached() -> Result<(), Error> {
                door::testing::run(
                    door::testing::Flavor::MultiThread {
                        workers: 4usize,
                    },
                    |cache: Cache| async move { cache.clear().await },
                )
            }
        "#]],
    );
}
