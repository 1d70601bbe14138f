//! Keys, tags and events, without companions.

use super::check;
use expect_test::expect;

#[test]
fn the_default_key() {
    check(
        r#"
        #[cached(ttl = 300, skip(locale), companions = false)]
        async fn member(guild_id: u64, name: &str, locale: &str) -> Member {
            load(guild_id, name, locale).await
        }
        "#,
        expect![[r#"
            async fn member(guild_id: u64, name: &str, locale: &str) -> Member {
                struct __Inside;
                static __CACHED_FUNCTION: door::Function = door::Function::new(door::FunctionSpec {
                    name: "member",
                    is_named: false,
                    ident: "member",
                    inside: door::type_name::<__Inside>,
                    template: door::Template::new(
                        &[
                            door::Piece::Path,
                            door::Piece::Text(":"),
                            door::Piece::Value {
                                index: 0usize,
                                delimiter: door::Some(':'),
                                is_integer: false,
                            },
                            door::Piece::Text(":"),
                            door::Piece::Value {
                                index: 1usize,
                                delimiter: door::None,
                                is_integer: false,
                            },
                        ],
                    ),
                    values: &["guild_id", "name"],
                    secrets: &[door::Some(false), door::Some(false)],
                    returns: "Member",
                    bindings: &[],
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
                        let shape = (&&&&door::Returned::<Member>::new()).shape();
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
                    let call = match call
                        .peek(&shape, &[door::part(&(guild_id)), door::part(&(name))])
                    {
                        door::Ok(hit) => return hit,
                        door::Err(call) => call,
                    };
                    let rules = door::Rules::of(&shape, unanswered);
                    let call = call.named(&[door::part(&(guild_id)), door::part(&(name))]);
                    let loader = door::None;
                    call.begin(shape, wire, rules, loader)
                };
                door::Fetch {
                    course,
                    load: door::pin!(
                        async move { #[allow(unreachable_code, clippy::diverging_sub_expression)] if
                        false { return door::unreachable_return:: < Member > (); } load(guild_id,
                        name, locale). await }
                    ),
                }
                    .await
            }
        "#]],
    );
}

#[test]
fn typed_events_and_tags() {
    check(
        r#"
        #[cached(
            key = "member:<guild_id>:<user.id>",
            ttl = 300,
            invalidate_on = [MemberUpdate, events::UserUpdate(id = user_id), Reset(*)],
            tags = ["guild:<guild_id>"],
            codec = Json,
            version = 2,
            name = "members",
            companions = false,
        )]
        async fn member(guild_id: u64, user: User) -> Member {
            load(guild_id, user).await
        }
        "#,
        expect![[r#"
            async fn member(guild_id: u64, user: User) -> Member {
                struct __Inside;
                static __CACHED_FUNCTION: door::Function = door::Function::new(door::FunctionSpec {
                    name: "members",
                    is_named: true,
                    ident: "member",
                    inside: door::type_name::<__Inside>,
                    template: door::Template::new(
                        &[
                            door::Piece::Text("member:"),
                            door::Piece::Value {
                                index: 0usize,
                                delimiter: door::Some(':'),
                                is_integer: true,
                            },
                            door::Piece::Text(":"),
                            door::Piece::Value {
                                index: 1usize,
                                delimiter: door::None,
                                is_integer: false,
                            },
                        ],
                    ),
                    values: &["guild_id", "user_id"],
                    secrets: &[door::Some(false), door::None],
                    returns: "Member",
                    bindings: &[
                        door::Binding {
                            event: door::EventRef::Declared(|| {
                                <MemberUpdate as door::CacheEvent>::DECLARATION
                            }),
                            fields: door::Fields::Shared,
                        },
                        door::Binding {
                            event: door::EventRef::Declared(|| {
                                <events::UserUpdate as door::CacheEvent>::DECLARATION
                            }),
                            fields: door::Fields::Only(&[("id", 1usize)]),
                        },
                        door::Binding {
                            event: door::EventRef::Declared(|| {
                                <Reset as door::CacheEvent>::DECLARATION
                            }),
                            fields: door::Fields::Only(&[]),
                        },
                    ],
                    tags: &[
                        door::Template::new(
                            &[
                                door::Piece::Text("guild:"),
                                door::Piece::Value {
                                    index: 0usize,
                                    delimiter: door::None,
                                    is_integer: false,
                                },
                            ],
                        ),
                    ],
                    tags_of_value: &[],
                    version: 2u32,
                    lives_by_value: false,
                    remembers_errors: false,
                    policy: || door::Policy {
                        ttl: door::Some(door::millis(300000u64)),
                        ..<door::Policy as door::Default>::default()
                    },
                });
                door::submit!(& __CACHED_FUNCTION);
                const _: () = door::assert_shares(
                    <MemberUpdate as door::CacheEvent>::DECLARATION,
                    &["guild_id", "user_id"],
                    "`MemberUpdate` has no field with the name of a value of this key\nhelp: bind one by name, `MemberUpdate(field = value)`, or write `MemberUpdate(*)` to mean every entry of `member`",
                );
                const _: () = door::assert_shares(
                    <events::UserUpdate as door::CacheEvent>::DECLARATION,
                    &["id"],
                    "`events::UserUpdate` has no field `id` that can be bound\nhelp: name a field of `events::UserUpdate` and, if it is called otherwise there, the key's value: `events::UserUpdate(field = value)`",
                );
                let course = {
                    let function = &__CACHED_FUNCTION;
                    let (shape, unanswered) = {
                        #[allow(unused_imports)]
                        use door::shapes::{
                            AskFallible as _, AskFallibleMaybe as _, AskMaybe as _, AskPlain as _,
                            AskUnanswered as _, AskUnansweredNot as _,
                        };
                        let shape = (&&&&door::Returned::<Member>::new()).shape();
                        let unanswered = (&&shape).unanswered();
                        (shape, unanswered)
                    };
                    let wire = door::wire(
                        &shape,
                        door::Chosen(Json),
                        2u32,
                        {
                            #[allow(unused_imports)]
                            use door::structures::{AskNamed as _, AskStructured as _};
                            (&&door::stored(&shape)).schema()
                        },
                    );
                    let call = door::Call::open(door::current(), function);
                    let call = match call
                        .peek(&shape, &[door::part(&(guild_id)), door::part(&(user.id))])
                    {
                        door::Ok(hit) => return hit,
                        door::Err(call) => call,
                    };
                    let rules = door::Rules::of(&shape, unanswered);
                    let call = call.named(&[door::part(&(guild_id)), door::part(&(user.id))]);
                    let loader = door::None;
                    call.begin(shape, wire, rules, loader)
                };
                door::Fetch {
                    course,
                    load: door::pin!(
                        async move { #[allow(unreachable_code, clippy::diverging_sub_expression)] if
                        false { return door::unreachable_return:: < Member > (); } load(guild_id,
                        user). await }
                    ),
                }
                    .await
            }
        "#]],
    );
}
