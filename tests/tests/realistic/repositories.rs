//! Rows of a real database, by repositories over sqlx.

use cache_runtime::{Cache, assert_hit, cache_put, cached, invalidates};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::{SqlitePoolOptions, SqliteRow};
use sqlx::{FromRow, Row, SqlitePool};
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Order {
    id: i64,
    customer: i64,
    cents: i64,
}

impl FromRow<'_, SqliteRow> for Order {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self { id: row.try_get("id")?, customer: row.try_get("customer")?, cents: row.try_get("cents")? })
    }
}

#[derive(Clone)]
struct OrderRepository {
    pool: SqlitePool,
    tenant: String,
}

impl OrderRepository {
    #[cached(key = "orders:<self.tenant>:<id>", ttl = 300, invalidate_on = ["order_changed(id)"])]
    pub async fn find(&self, id: i64) -> Result<Option<Order>, sqlx::Error> {
        sqlx::query_as("SELECT id, customer, cents FROM orders WHERE id = ?").bind(id).fetch_optional(&self.pool).await
    }

    #[cached(key = "orders:<self.tenant>:of:<customer>:<offset>:<limit>", ttl = 60, tags = ["customer:<customer>"])]
    async fn of_customer(&self, customer: i64, offset: u32, limit: u32) -> sqlx::Result<Vec<Order>> {
        sqlx::query_as("SELECT id, customer, cents FROM orders WHERE customer = ? ORDER BY id LIMIT ? OFFSET ?")
            .bind(customer)
            .bind(limit)
            .bind(offset)
            .fetch_all(&self.pool)
            .await
    }

    #[cached(key = "orders:<self.tenant>:sum:<customer>", ttl = 60, invalidate_on = ["order_changed(customer)"])]
    pub(crate) async fn sum(&self, customer: i64) -> Result<i64, sqlx::Error> {
        let (sum,): (Option<i64>,) = sqlx::query_as("SELECT SUM(cents) FROM orders WHERE customer = ?")
            .bind(customer)
            .fetch_one(&self.pool)
            .await?;
        Ok(sum.unwrap_or(0))
    }

    #[cached(key = "orders:<self.tenant>:<id>", ttl = 300, batch(id = ids))]
    async fn find_many(&self, ids: Vec<i64>) -> Result<HashMap<i64, Order>, sqlx::Error> {
        let mut orders = HashMap::new();
        for id in ids {
            if let Some(order) = self.find(id).await? {
                orders.insert(id, order);
            }
        }
        Ok(orders)
    }

    #[cached(ttl = 10, skip(self))]
    async fn largest(self: Arc<Self>, count: i64) -> Result<Vec<i64>, Arc<sqlx::Error>> {
        let rows: Result<Vec<(i64,)>, _> =
            sqlx::query_as("SELECT id FROM orders ORDER BY cents DESC LIMIT ?").bind(count).fetch_all(&self.pool).await;
        Ok(rows.map_err(Arc::new)?.into_iter().map(|(id,)| id).collect())
    }

    #[cache_put(key = "orders:<self.tenant>:<order.id>", ttl = 300)]
    async fn save(&self, order: &Order) -> Result<Order, sqlx::Error> {
        sqlx::query("INSERT OR REPLACE INTO orders (id, customer, cents) VALUES (?, ?, ?)")
            .bind(order.id)
            .bind(order.customer)
            .bind(order.cents)
            .execute(&self.pool)
            .await?;
        Ok(order.clone())
    }

    #[invalidates("order_changed" { id, customer })]
    async fn delete(&self, id: i64, customer: i64) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM orders WHERE id = ?").bind(id).execute(&self.pool).await?;
        Ok(())
    }
}

struct Reports<'a> {
    pool: &'a SqlitePool,
    cache: &'a Cache,
}

impl<'a> Reports<'a> {
    #[cached(key = "report:customers", ttl = 60, skip(self), cache = self.cache)]
    async fn customers(&self) -> Result<u64, sqlx::Error> {
        let (count,): (i64,) =
            sqlx::query_as("SELECT COUNT(DISTINCT customer) FROM orders").fetch_one(self.pool).await?;
        Ok(count.unsigned_abs())
    }

    #[cached(key = "report:best:<count>", ttl = 60, skip(self), cache = self.cache)]
    async fn best(&self, count: i64) -> Result<Vec<(i64, i64)>, sqlx::Error>
    where
        'a: 'a,
    {
        let sql = "SELECT customer, SUM(cents) FROM orders GROUP BY customer ORDER BY 2 DESC LIMIT ?";
        sqlx::query_as(sql).bind(count).fetch_all(self.pool).await
    }
}

#[cached(key = "order:exists:<id>", ttl = 5)]
async fn exists(pool: &SqlitePool, id: i64) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
    let row: Option<(i64,)> =
        sqlx::query_as("SELECT id FROM orders WHERE id = ?").bind(id).fetch_optional(pool).await?;
    Ok(row.is_some())
}

#[cached(key = "order:lines:<id>", ttl = 5)]
async fn lines(pool: &SqlitePool, OrderId(id): OrderId) -> Result<Box<[String]>, sqlx::Error> {
    let order: Order =
        sqlx::query_as("SELECT id, customer, cents FROM orders WHERE id = ?").bind(id).fetch_one(pool).await?;
    Ok(vec![format!("order {}", order.id), format!("{} cents", order.cents)].into())
}

struct OrderId(i64);

async fn repository() -> OrderRepository {
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.expect("a database");
    let sql = "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL, cents INTEGER NOT NULL)";
    sqlx::query(sql).execute(&pool).await.expect("a table");
    OrderRepository { pool, tenant: "acme".into() }
}

#[cache_runtime::test]
async fn a_repository_reads_what_it_has_written(cache: Cache) {
    let orders = repository().await;
    let order = Order { id: 1, customer: 7, cents: 500 };
    orders.save(&order).await.expect("saved");
    assert_hit!(orders.find(1)).expect("what was kept");
    assert_eq!(orders.find(1).await.expect("a row"), Some(order.clone()));
    assert_eq!(orders.find_many(vec![1, 2]).await.expect("rows"), HashMap::from([(1, order.clone())]));
    assert_eq!(orders.of_customer(7, 0, 10).await.expect("rows"), [order]);
    assert_eq!(orders.sum(7).await.expect("a sum"), 500);
    orders.delete(1, 7).await.expect("acknowledged");
    assert_eq!(orders.find(1).await.expect("no row"), None);
    assert_eq!(orders.sum(7).await.expect("a sum"), 0);
    let reports = Reports { pool: &orders.pool, cache: &cache };
    assert_eq!(reports.customers().await.expect("a count"), 0);
    assert_eq!(reports.best(3).await.expect("rows"), []);
}

#[cache_runtime::test]
async fn errors_of_a_database_are_passed_on() {
    let orders = Arc::new(repository().await);
    orders.save(&Order { id: 3, customer: 1, cents: 5 }).await.expect("saved");
    assert_eq!(orders.clone().largest(5).await.expect("rows"), [3]);
    assert!(exists(&orders.pool, 3).await.expect("a row"));
    assert_eq!(lines(&orders.pool, OrderId(3)).await.expect("a row")[1], "5 cents");
    assert!(matches!(lines(&orders.pool, OrderId(4)).await, Err(sqlx::Error::RowNotFound)));
}
