/** Apps and labels. */

export interface AppTables {
  apps: AppRow;
  labels: LabelRow;
}

export interface AppRow {
  id: string;
  name: string;
  owner_id: string | null;
  /** JSON of the definition; secret values encrypted. */
  definition: string;
  enabled: number;
  revision: number;
  created_at: number;
  updated_at: number;
  /** Whose agent runs it: the id of an instance. Null: it was added before there were hosts to tell apart. */
  host_id: string | null;
}

/** What people have set; the built-in ones are not here. Bounded by the store. */
export interface LabelRow {
  name: string;
  value: string;
  updated_at: number;
}
