/** Stacks: where they run, how they got there, what they need, and who wrote their files. The files themselves are on disk. */
import type { Generated } from "kysely";

export interface StackTables {
  stacks: StackRow;
  stack_deployments: StackDeploymentRow;
  stack_deployment_steps: StackDeploymentStepRow;
  stack_dependencies: StackDependencyRow;
  stack_locks: StackLockRow;
  stack_writes: StackWriteRow;
  stack_templates: StackTemplateRow;
  stack_leftovers: StackLeftoverRow;
}

/** Where a stack was deployed last. */
export interface StackRow {
  name: string;
  host_id: string;
  status: "deployed" | "stopped" | "migrating" | "migrated_away";
  /** The overlay it was deployed with. */
  environment: string | null;
  deployed_at: number;
  updated_at: number;
}

/** One deployment of a stack, under way or over. */
export interface StackDeploymentRow {
  id: Generated<number>;
  stack: string;
  host_id: string;
  state: "running" | "done" | "failed";
  /** The whole, merged, as YAML. */
  compose: string;
  /** 1: nobody without the right to reach the host itself had a hand in it. */
  is_trusted: number;
  /** JSON: `[{service, image}]`. */
  services: string;
  note: string | null;
  /** Why it failed. */
  error: string | null;
  user_id: string | null;
  user_name: string | null;
  started_at: number;
  ended_at: number | null;
}

/** What a deployment did, step by step. */
export interface StackDeploymentStepRow {
  deployment_id: number;
  /** From 0. */
  position: number;
  at: number;
  text: string;
}

/** A stack that is to run before another one does. */
export interface StackDependencyRow {
  stack: string;
  /** There need be none of that name. */
  depends_on: string;
}

/** The yard that changes a stack now. */
export interface StackLockRow {
  stack: string;
  /** An instance. */
  holder: string;
  /** When it is taken to have died. */
  until: number;
}

/** A content of a stack's file that somebody wrote through the API who may not reach the host itself. What the disk has besides is its administrators'. */
export interface StackWriteRow {
  stack: string;
  /** From the stack's directory. */
  file: string;
  sha256: string;
}

/** A host that has files of a stack that was deleted. */
export interface StackLeftoverRow {
  stack: string;
  host_id: string;
}

/** What stacks are made of: compose files with places to be filled. */
export interface StackTemplateRow {
  id: Generated<number>;
  slug: string;
  name: string;
  description: string;
  icon_url: string;
  compose: string;
  env: string;
  /** JSON array. */
  parameters: string;
  author: string;
  version: string;
  /** 1: it came with the yard. */
  is_built_in: number;
  /** 1: written by somebody who may reach the hosts themselves. */
  is_trusted: number;
  created_at: number;
  updated_at: number;
}
