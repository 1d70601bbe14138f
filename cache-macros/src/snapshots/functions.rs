//! Functions and methods of every form, without companions, which take the same parts.

use super::check;
use expect_test::expect;

#[test]
fn a_method_with_a_field_of_self() {
    check(
        r#"
        #[cached(key = "user:<self.tenant>:<id>", ttl = TTL, cache = self.cache, companions = false)]
        pub async fn user(&self, id: u64) -> Option<User> {
            self.load(id).await
        }
        "#,
        expect![[r#"
            pub async fn user(&self, id: u64) -> Option<User> {
                struct __Inside;
                static __CACHED_FUNCTION: door::Function = door::Function::new(door::FunctionSpec {
                    name: "user",
                    is_named: false,
                    ident: "user",
                    inside: door::type_name::<__Inside>,
                    template: door::Template::new(
                        &[
                            door::Piece::Text("user:"),
                            door::Piece::Value {
                                index: 0usize,
                                delimiter: door::Some(':'),
                                is_integer: false,
                            },
                            door::Piece::Text(":"),
                            door::Piece::Value {
                                index: 1usize,
                                delimiter: door::None,
                                is_integer: true,
                            },
                            door::Piece::Receiver,
                        ],
                    ),
                    values: &["tenant", "id"],
                    secrets: &[door::None, door::Some(false)],
                    returns: "Option<User>",
                    bindings: &[],
                    tags: &[],
                    tags_of_value: &[],
                    version: 0u32,
                    lives_by_value: false,
                    remembers_errors: false,
                    policy: || door::Policy {
                        ttl: door::Some(door::to_duration(TTL)),
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
                        let shape = (&&&&door::Returned::<Option<User>>::new()).shape();
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
                    let call = door::Call::open(door::chosen(&self.cache), function);
                    let call = match call
                        .peek(
                            &shape,
                            &[
                                door::part(&(self.tenant)),
                                door::part(&(id)),
                                door::part(&door::ReceiverType::<Self>::new()),
                            ],
                        )
                    {
                        door::Ok(hit) => return hit,
                        door::Err(call) => call,
                    };
                    let rules = door::Rules::of(&shape, unanswered);
                    let call = call
                        .named(
                            &[
                                door::part(&(self.tenant)),
                                door::part(&(id)),
                                door::part(&door::ReceiverType::<Self>::new()),
                            ],
                        );
                    let loader = door::None;
                    call.begin(shape, wire, rules, loader)
                };
                door::Fetch {
                    course,
                    load: door::pin!(
                        async move { #[allow(unreachable_code, clippy::diverging_sub_expression)] if
                        false { return door::unreachable_return:: < Option < User > > (); } self
                        .load(id). await }
                    ),
                }
                    .await
            }
        "#]],
    );
}

#[test]
fn a_generic_function() {
    check(
        r#"
        #[cached(key = "page:<T>:<SIZE>:<page>", ttl = "5m", skip(D), companions = false)]
        async fn page<'a, T: Model, const SIZE: usize, D>(db: &'a D, page: u64) -> Vec<T>
        where
            D: Db,
        {
            db.page(page, SIZE).await
        }
        "#,
        expect![[r#"
            async fn page<'a, T: Model, const SIZE: usize, D>(db: &'a D, page: u64) -> Vec<T>
            where
                D: Db,
            {
                struct __Inside;
                static __CACHED_FUNCTION: door::Function = door::Function::new(door::FunctionSpec {
                    name: "page",
                    is_named: false,
                    ident: "page",
                    inside: door::type_name::<__Inside>,
                    template: door::Template::new(
                        &[
                            door::Piece::Text("page:"),
                            door::Piece::Value {
                                index: 0usize,
                                delimiter: door::Some(':'),
                                is_integer: false,
                            },
                            door::Piece::Text(":"),
                            door::Piece::Value {
                                index: 1usize,
                                delimiter: door::Some(':'),
                                is_integer: false,
                            },
                            door::Piece::Text(":"),
                            door::Piece::Value {
                                index: 2usize,
                                delimiter: door::None,
                                is_integer: true,
                            },
                        ],
                    ),
                    values: &["T", "SIZE", "page"],
                    secrets: &[door::None, door::None, door::Some(false)],
                    returns: "Vec<T>",
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
                        let shape = (&&&&door::Returned::<Vec<T>>::new()).shape();
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
                        .peek(
                            &shape,
                            &[
                                door::part(&door::TypeName::<T>::new()),
                                door::part(&(SIZE)),
                                door::part(&(page)),
                            ],
                        )
                    {
                        door::Ok(hit) => return hit,
                        door::Err(call) => call,
                    };
                    let rules = door::Rules::of(&shape, unanswered);
                    let call = call
                        .named(
                            &[
                                door::part(&door::TypeName::<T>::new()),
                                door::part(&(SIZE)),
                                door::part(&(page)),
                            ],
                        );
                    let loader = door::None;
                    call.begin(shape, wire, rules, loader)
                };
                door::Fetch {
                    course,
                    load: door::pin!(
                        async move { #[allow(unreachable_code, clippy::diverging_sub_expression)] if
                        false { return door::unreachable_return:: < Vec < T > > (); } db.page(page,
                        SIZE). await }
                    ),
                }
                    .await
            }
        "#]],
    );
}

#[test]
fn a_pattern_parameter() {
    check(
        r#"
        #[cached(key = "user:<id>", ttl = 300, tiers = l1, companions = false)]
        async fn user(State(app): State<App>, Path(id): Path<u64>) -> AppResult<Json> {
            app.user(id).await
        }
        "#,
        expect![[r#"
            async fn user(State(app): State<App>, Path(id): Path<u64>) -> AppResult<Json> {
                struct __Inside;
                static __CACHED_FUNCTION: door::Function = door::Function::new(door::FunctionSpec {
                    name: "user",
                    is_named: false,
                    ident: "user",
                    inside: door::type_name::<__Inside>,
                    template: door::Template::new(
                        &[
                            door::Piece::Text("user:"),
                            door::Piece::Value {
                                index: 0usize,
                                delimiter: door::None,
                                is_integer: false,
                            },
                        ],
                    ),
                    values: &["id"],
                    secrets: &[door::Some(false)],
                    returns: "AppResult<Json>",
                    bindings: &[],
                    tags: &[],
                    tags_of_value: &[],
                    version: 0u32,
                    lives_by_value: false,
                    remembers_errors: false,
                    policy: || door::Policy {
                        ttl: door::Some(door::millis(300000u64)),
                        tiers: door::Some(door::Tiers::L1),
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
                        let shape = (&&&&door::Returned::<AppResult<Json>>::new()).shape();
                        let unanswered = (&&shape).unanswered();
                        (shape, unanswered)
                    };
                    let wire = door::local_wire(&shape);
                    let call = door::Call::open(door::current(), function);
                    let call = match call.peek(&shape, &[door::part(&(id))]) {
                        door::Ok(hit) => return hit,
                        door::Err(call) => call,
                    };
                    let rules = door::Rules::of(&shape, unanswered);
                    let call = call.named(&[door::part(&(id))]);
                    let loader = door::None;
                    call.begin(shape, wire, rules, loader)
                };
                door::Fetch {
                    course,
                    load: door::pin!(
                        async move { #[allow(unreachable_code, clippy::diverging_sub_expression)] if
                        false { return door::unreachable_return:: < AppResult < Json > > (); } app
                        .user(id). await }
                    ),
                }
                    .await
            }
        "#]],
    );
}

#[test]
fn a_policy() {
    check(
        r#"
        #[cached(
            key = "hello", ttl = "1m", l1_ttl = TTL / 2, jitter = 0.1, early = 2, lock = true, consistency = strong,
            companions = false
        )]
        async fn hello() -> u64 {
            42
        }
        "#,
        expect![[r#"
            async fn hello() -> u64 {
                struct __Inside;
                static __CACHED_FUNCTION: door::Function = door::Function::new(door::FunctionSpec {
                    name: "hello",
                    is_named: false,
                    ident: "hello",
                    inside: door::type_name::<__Inside>,
                    template: door::Template::new(&[door::Piece::Text("hello")]),
                    values: &[],
                    secrets: &[],
                    returns: "u64",
                    bindings: &[],
                    tags: &[],
                    tags_of_value: &[],
                    version: 0u32,
                    lives_by_value: false,
                    remembers_errors: false,
                    policy: || door::Policy {
                        ttl: door::Some(door::millis(60000u64)),
                        l1_ttl: door::Some(door::to_duration(TTL / 2)),
                        jitter: door::Some(0.1f64),
                        early: door::Some(2f64),
                        lock: door::Some(door::millis(10000u64)),
                        consistency: door::Some(door::Consistency::Strong),
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
                        let shape = (&&&&door::Returned::<u64>::new()).shape();
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
                    let call = match call.peek(&shape, &[]) {
                        door::Ok(hit) => return hit,
                        door::Err(call) => call,
                    };
                    let rules = door::Rules::of(&shape, unanswered);
                    let call = call.named(&[]);
                    #[allow(unused, clippy::all, clippy::pedantic)]
                    async fn __hello_run(__kept: door::Arc<()>) -> u64 {
                        {
                            async move {
                                #[allow(unreachable_code, clippy::diverging_sub_expression)]
                                if false {
                                    return door::unreachable_return::<u64>();
                                }
                                42
                            }
                        }
                            .await
                    }
                    #[allow(clippy::all, clippy::pedantic)]
                    fn __hello_background<__S>(__shape: &__S) -> door::Option<door::Loader<__S>>
                    where
                        __S: door::Shape<Return = u64, Value = u64> + 'static,
                    {
                        #[allow(unused_imports)]
                        use door::background::{
                            AskKept as _, AskKeptNot as _, AskLoader as _, AskLoaderNot as _,
                        };
                        let __kept = <door::Arc<_>>::new(());
                        (&&door::Sendable::new(
                            __shape,
                            move || __hello_run(<door::Arc<_>>::clone(&__kept)),
                        ))
                            .loader()
                    }
                    let loader = if call.may_go_on() {
                        __hello_background(&shape)
                    } else {
                        door::None
                    };
                    call.begin(shape, wire, rules, loader)
                };
                door::Fetch {
                    course,
                    load: door::pin!(
                        async move { #[allow(unreachable_code, clippy::diverging_sub_expression)] if
                        false { return door::unreachable_return:: < u64 > (); } 42 }
                    ),
                }
                    .await
            }
        "#]],
    );
}
