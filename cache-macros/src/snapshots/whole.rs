//! A function with all its companions.

use super::check;
use expect_test::expect;

#[test]
fn the_first_example_of_the_guide() {
    check(
        r#"
        #[cached(key = "guild:<guild_id>:members", ttl = 300, invalidate_on = ["member_update"])]
        async fn guild_members(db: &Db, guild_id: u64) -> Result<Vec<Member>, DbError> {
            db.members_of(guild_id).await
        }
        "#,
        expect![[r#"
            async fn guild_members(db: &Db, guild_id: u64) -> Result<Vec<Member>, DbError> {
                struct __Inside;
                static __CACHED_FUNCTION: door::Function = door::Function::new(door::FunctionSpec {
                    name: "guild_members",
                    is_named: false,
                    ident: "guild_members",
                    inside: door::type_name::<__Inside>,
                    template: door::Template::new(
                        &[
                            door::Piece::Text("guild:"),
                            door::Piece::Value {
                                index: 0usize,
                                delimiter: door::Some(':'),
                                is_integer: true,
                            },
                            door::Piece::Text(":members"),
                        ],
                    ),
                    values: &["guild_id"],
                    secrets: &[door::Some(false)],
                    returns: "Result<Vec<Member>, DbError>",
                    bindings: &[
                        door::Binding {
                            event: door::EventRef::Named("member_update"),
                            fields: door::Fields::Shared,
                        },
                    ],
                    tags: &[],
                    tags_of_value: &[],
                    version: 0u32,
                    lives_by_value: false,
                    remembers_errors: false,
                    policy: || door::Policy {
                        ttl: door::Some(door::millis(300000u64)),
                        ..<door::Policy as door::Default>::default()
                    },
                });
                door::submit!(& __CACHED_FUNCTION);
                let course = {
                    let function = &__CACHED_FUNCTION;
                    let (shape, unanswered) = {
                        #[allow(unused_imports)]
                        use door::shapes::{
                            AskFallible as _, AskFallibleMaybe as _, AskMaybe as _, AskPlain as _,
                            AskUnanswered as _, AskUnansweredNot as _,
                        };
                        let shape = (&&&&door::Returned::<Result<Vec<Member>, DbError>>::new())
                            .shape();
                        let unanswered = (&&shape).unanswered();
                        (shape, unanswered)
                    };
                    let wire = door::wire(
                        &shape,
                        door::CacheCodec,
                        0u32,
                        {
                            #[allow(unused_imports)]
                            use door::structures::{AskNamed as _, AskStructured as _};
                            (&&door::stored(&shape)).schema()
                        },
                    );
                    let call = door::Call::open(door::current(), function);
                    let call = match call.peek(&shape, &[door::part(&(guild_id))]) {
                        door::Ok(hit) => return hit,
                        door::Err(call) => call,
                    };
                    let rules = door::Rules::of(&shape, unanswered);
                    let call = call.named(&[door::part(&(guild_id))]);
                    let loader = door::None;
                    call.begin(shape, wire, rules, loader)
                };
                door::Fetch {
                    course,
                    load: door::pin!(
                        async move { #[allow(unreachable_code, clippy::diverging_sub_expression)] if
                        false { return door::unreachable_return:: < Result < Vec < Member >, DbError
                        > > (); } db.members_of(guild_id). await }
                    ),
                }
                    .await
            }
            ///The body of `guild_members`, uncached.
            #[inline]
            #[allow(dead_code, unused, clippy::all, clippy::pedantic)]
            fn guild_members_uncached(
                db: &Db,
                guild_id: u64,
            ) -> impl door::Future<Output = Result<Vec<Member>, DbError>> {
                async move {
                    #[allow(unreachable_code, clippy::diverging_sub_expression)]
                    if false {
                        return door::unreachable_return::<Result<Vec<Member>, DbError>>();
                    }
                    let _ = &db;
                    let _ = &guild_id;
                    db.members_of(guild_id).await
                }
            }
            ///Runs the body of `guild_members` and replaces what is cached.
            #[inline]
            #[allow(dead_code, unused, clippy::all, clippy::pedantic)]
            fn guild_members_refresh(
                db: &Db,
                guild_id: u64,
            ) -> impl door::Future<Output = Result<Vec<Member>, DbError>> {
                door::lazily(move || {
                    struct __Inside;
                    let function = door::Function::with_companion(
                        door::type_name::<__Inside>(),
                        "guild_members",
                    );
                    let shape = {
                        #[allow(unused_imports)]
                        use door::shapes::{
                            AskFallible as _, AskFallibleMaybe as _, AskMaybe as _, AskPlain as _,
                        };
                        (&&&&door::Returned::<Result<Vec<Member>, DbError>>::new()).shape()
                    };
                    let wire = door::wire(
                        &shape,
                        door::CacheCodec,
                        0u32,
                        {
                            #[allow(unused_imports)]
                            use door::structures::{AskNamed as _, AskStructured as _};
                            (&&door::stored(&shape)).schema()
                        },
                    );
                    let call = door::Call::open(door::current(), function);
                    let rules = door::Rules::of_companion(&shape);
                    (
                        call.named(&[door::part(&(guild_id))]).begin_refresh(shape, wire, rules),
                        async move {
                            #[allow(unreachable_code, clippy::diverging_sub_expression)]
                            if false {
                                return door::unreachable_return::<Result<Vec<Member>, DbError>>();
                            }
                            let _ = &db;
                            let _ = &guild_id;
                            db.members_of(guild_id).await
                        },
                    )
                })
            }
            ///A handle on the entry of `guild_members`.
            #[inline]
            #[allow(dead_code, unused, clippy::all, clippy::pedantic)]
            fn guild_members_entry(guild_id: u64) -> door::Entry<Vec<Member>> {
                struct __Inside;
                let function = door::Function::with_companion(
                    door::type_name::<__Inside>(),
                    "guild_members",
                );
                let shape = {
                    #[allow(unused_imports)]
                    use door::shapes::{
                        AskFallible as _, AskFallibleMaybe as _, AskMaybe as _, AskPlain as _,
                    };
                    (&&&&door::Returned::<Result<Vec<Member>, DbError>>::new()).shape()
                };
                let wire = door::wire(
                    &shape,
                    door::CacheCodec,
                    0u32,
                    {
                        #[allow(unused_imports)]
                        use door::structures::{AskNamed as _, AskStructured as _};
                        (&&door::stored(&shape)).schema()
                    },
                );
                let call = door::Call::open(door::current(), function);
                let rules = door::Rules::of_companion(&shape);
                call.named(&[door::part(&(guild_id))]).entry(&shape, wire, rules)
            }
        "#]],
    );
}
