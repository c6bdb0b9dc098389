/** Containers that were made anew of newer images, and what they were made of before. */
import type { Generated } from "kysely";

export interface ContainerUpdateTables {
  container_updates: ContainerUpdateRow;
  container_exchanges: ContainerExchangeRow;
}

export interface ContainerUpdateRow {
  id: Generated<number>;
  host_id: string;
  container_name: string;
  image: string;
  old_image_id: string;
  new_image_id: string;
  /** The name that keeps the old image on the engine. */
  kept_as: string;
  updated_at: number;
  rolled_back_at: number | null;
}

/** One that is under way, or was when its yard died. Its update becomes history, or is forgotten, together with it. */
export interface ContainerExchangeRow {
  id: string;
  /** The yard that does it. */
  holder: string;
  host_id: string;
  container_name: string;
  old_container_id: string;
  /** Null until it is made. */
  new_container_id: string | null;
  was_running: number;
  update_id: number;
  /** Of that update; otherwise the update itself. */
  is_rollback: number;
  begun_at: number;
}
