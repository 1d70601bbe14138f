use cache_runtime::cached;

struct User {
    id: u64,
}

struct Post {
    author: User,
}

#[cached(key = "posts:<post.author>", ttl = 300)]
async fn posts(post: &Post) -> u64 {
    post.author.id
}

fn main() {}
