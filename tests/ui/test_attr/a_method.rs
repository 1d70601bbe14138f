use cache_runtime::Cache;

struct Tests(Cache);

impl Tests {
    #[cache_runtime::test]
    async fn is_cached(&self) {
        drop(self.0.clone());
    }
}

fn main() {}
