/** What holds for the whole fleet: variables of all stacks, and registries of images. */
import type { Generated } from "kysely";

export interface FleetSettingTables {
  global_variables: GlobalVariableRow;
  registries: RegistryRow;
}

export interface GlobalVariableRow {
  id: Generated<number>;
  key: string;
  sealed_value: string;
  /** By what people sort them; may be empty. */
  group_name: string;
  /** 0: whoever set it may not reach the hosts themselves. */
  is_trusted: Generated<number>;
  created_at: number;
  updated_at: number;
}

export interface RegistryRow {
  id: Generated<number>;
  name: string;
  /** `host[:port][/path]`. */
  url: string;
  /** Empty: none is needed. */
  username: string;
  sealed_password: string | null;
  /** JSON: of the hosts that may use the credentials; null: all. */
  host_tags: string | null;
  tested_at: number | null;
  is_test_passed: number | null;
  test_error: string | null;
  created_at: number;
  updated_at: number;
}
