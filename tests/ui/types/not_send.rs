use cache_runtime::cached;

use std::rc::Rc;

#[cached(ttl = 300)]
async fn user(id: u64) -> Rc<u64> {
    Rc::new(id)
}

fn main() {}
