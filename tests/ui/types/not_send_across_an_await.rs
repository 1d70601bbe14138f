use cache_runtime::cached;

#[cached(ttl = 300)]
async fn user(id: u64) -> u64 {
    let local = std::rc::Rc::new(id);
    std::future::ready(()).await;
    *local
}

fn is_send(_: impl Send) {}

fn main() {
    is_send(user(1));
}
