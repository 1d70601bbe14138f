use cache_runtime::cache_put;

#[cache_put(key = "user:<id>")]
async fn rename(id: u64, name: String) {
    println!("{name} {id}");
}

fn main() {}
