/** Images of which a second container beside the first is seldom what somebody wants: each would keep data of its own, or fight for the same. */

const names = new Set([
  ...["postgres", "postgresql", "postgis", "timescaledb", "mysql", "mariadb", "percona", "mssql", "oracle"],
  ...["mongo", "mongodb", "couchdb", "couchbase", "cassandra", "scylla", "cockroach", "rethinkdb", "arangodb", "neo4j"],
  ...["redis", "valkey", "keydb", "dragonfly", "elasticsearch", "opensearch", "solr", "meilisearch", "typesense"],
  ...["influxdb", "clickhouse", "clickhouse-server", "questdb", "prometheus", "victoria-metrics", "loki"],
  ...["rabbitmq", "kafka", "zookeeper", "etcd", "consul", "vault", "minio", "qdrant", "weaviate"],
]);

/** @param reference `registry.example/team/postgres:16` */
export function isStateful(reference: string): boolean {
  const path = reference.split("@")[0] ?? "";
  const last = path.slice(path.lastIndexOf("/") + 1);
  return names.has(last.split(":")[0]?.toLowerCase() ?? "");
}
