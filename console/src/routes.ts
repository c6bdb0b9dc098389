/** The table of the pages: where each is, who has a use for it, and its code, which is loaded when it is opened first. */
import type { ComponentType, LazyExoticComponent } from "react";
import type { Self } from "./api/use-self.ts";
import { lazyPart } from "./lazy-part.ts";

/** What a page is given: what its path names. */
export interface PageProps {
  readonly params: Readonly<Record<string, string | undefined>>;
}

export interface PageRoute {
  /** Below `/console`. */
  readonly path: string;
  /** In the navigation; none: it is reached from another page. */
  readonly title?: string;
  /** Above it in the navigation, where a new section begins. */
  readonly section?: string;
  /** One of these is needed; none: anybody may. */
  readonly permissions?: readonly string[];
  readonly page: LazyExoticComponent<ComponentType<PageProps>>;
}

export const routes: readonly PageRoute[] = [
  { path: "/", title: "Overview", page: lazyPart(() => import("./pages/overview/page.tsx")) },
  { path: "/apps", title: "Apps", permissions: ["apps.list"], page: lazyPart(() => import("./pages/apps/page.tsx")) },
  { path: "/apps/:name", permissions: ["apps.view"], page: lazyPart(() => import("./pages/app/page.tsx")) },
  {
    ...{ path: "/capsules", title: "Capsules", permissions: ["capsules.view"] },
    page: lazyPart(() => import("./pages/capsules/page.tsx")),
  },
  {
    ...{ path: "/capsules/:id/:tab?", permissions: ["capsules.view"] },
    page: lazyPart(() => import("./pages/capsule/page.tsx")),
  },
  {
    path: "/tasks",
    title: "Tasks",
    permissions: ["tasks.view"],
    page: lazyPart(() => import("./pages/tasks/page.tsx")),
  },
  { path: "/tasks/workers", permissions: ["workers.view"], page: lazyPart(() => import("./pages/workers/page.tsx")) },
  { path: "/tasks/:id", permissions: ["tasks.view"], page: lazyPart(() => import("./pages/task/page.tsx")) },
  {
    ...{ path: "/scripts", title: "Scripts", permissions: ["scripts.run"] },
    page: lazyPart(() => import("./pages/scripts/page.tsx")),
  },
  { path: "/scripts/runs", permissions: ["scripts.view"], page: lazyPart(() => import("./pages/scripts/runs.tsx")) },
  {
    path: "/scripts/memory",
    permissions: ["scripts.view"],
    page: lazyPart(() => import("./pages/scripts/memory.tsx")),
  },
  {
    path: "/scripts/files",
    permissions: ["labels.view"],
    page: lazyPart(() => import("./pages/scripts/files/page.tsx")),
  },
  { path: "/scripts/:id", permissions: ["scripts.view"], page: lazyPart(() => import("./pages/script/page.tsx")) },
  {
    ...{ path: "/stacks", title: "Stacks", section: "Docker", permissions: ["containers.view"] },
    page: lazyPart(() => import("./pages/stacks/page.tsx")),
  },
  { path: "/new-stack", permissions: ["stacks.write"], page: lazyPart(() => import("./pages/stacks/new-stack.tsx")) },
  {
    ...{ path: "/stack-templates", permissions: ["stacks.adopt"] },
    page: lazyPart(() => import("./pages/templates/page.tsx")),
  },
  {
    path: "/stack-templates/:id",
    permissions: ["stacks.adopt"],
    page: lazyPart(() => import("./pages/template/page.tsx")),
  },
  {
    path: "/adopt-stack",
    permissions: ["stacks.adopt"],
    page: lazyPart(() => import("./pages/stacks/adopt-stack.tsx")),
  },
  {
    ...{ path: "/stacks/:name/:tab?", permissions: ["containers.view"] },
    page: lazyPart(() => import("./pages/stack/page.tsx")),
  },
  {
    ...{ path: "/containers", title: "Containers", permissions: ["containers.view"] },
    page: lazyPart(() => import("./pages/containers/page.tsx")),
  },
  {
    ...{ path: "/containers/:host/:id/:tab?", permissions: ["containers.view"] },
    page: lazyPart(() => import("./pages/container/page.tsx")),
  },
  {
    ...{ path: "/images", title: "Images", permissions: ["containers.view"] },
    page: lazyPart(() => import("./pages/images/page.tsx")),
  },
  {
    ...{ path: "/volumes", title: "Volumes", permissions: ["containers.view"] },
    page: lazyPart(() => import("./pages/volumes/page.tsx")),
  },
  {
    ...{ path: "/volumes/:host/:name", permissions: ["containers.view"] },
    page: lazyPart(() => import("./pages/volume/page.tsx")),
  },
  {
    ...{ path: "/networks", title: "Networks", permissions: ["containers.view"] },
    page: lazyPart(() => import("./pages/networks/page.tsx")),
  },
  {
    path: "/hosts",
    title: "Hosts",
    section: "Fleet",
    permissions: ["hosts.view"],
    page: lazyPart(() => import("./pages/hosts/page.tsx")),
  },
  { path: "/hosts/:id", permissions: ["hosts.view"], page: lazyPart(() => import("./pages/host/page.tsx")) },
  {
    ...{ path: "/alerts", title: "Alerts", permissions: ["fleet.manage"] },
    page: lazyPart(() => import("./pages/alerts/page.tsx")),
  },
  { path: "/alerts/:tab", permissions: ["fleet.manage"], page: lazyPart(() => import("./pages/alerts/page.tsx")) },
  {
    path: "/events",
    title: "Events",
    permissions: ["audit.view"],
    page: lazyPart(() => import("./pages/events/page.tsx")),
  },
  {
    path: "/audit",
    title: "Audit",
    permissions: ["audit.view"],
    page: lazyPart(() => import("./pages/audit/page.tsx")),
  },
  {
    path: "/users",
    title: "Users",
    section: "Administration",
    permissions: ["fleet.manage"],
    page: lazyPart(() => import("./pages/users/page.tsx")),
  },
  {
    path: "/roles",
    title: "Roles",
    permissions: ["fleet.manage"],
    page: lazyPart(() => import("./pages/roles/page.tsx")),
  },
  { path: "/teams", title: "Teams", page: lazyPart(() => import("./pages/teams/page.tsx")) },
  { path: "/teams/:id/:tab?", page: lazyPart(() => import("./pages/team/page.tsx")) },
  { path: "/doctor", title: "Doctor", permissions: ["*"], page: lazyPart(() => import("./pages/doctor/page.tsx")) },
  {
    ...{ path: "/settings", title: "Settings", permissions: ["fleet.manage"] },
    page: lazyPart(() => import("./pages/settings/page.tsx")),
  },
  { path: "/settings/:tab", permissions: ["fleet.manage"], page: lazyPart(() => import("./pages/settings/page.tsx")) },
  { path: "/account", page: lazyPart(() => import("./pages/account/page.tsx")) },
  { path: "/account/:tab", page: lazyPart(() => import("./pages/account/page.tsx")) },
  { path: "/explorer", title: "API explorer", page: lazyPart(() => import("./pages/explorer/page.tsx")) },
];

export function mayOpen({ permissions }: PageRoute, { isAdmin, permissions: held }: Self): boolean {
  return isAdmin || permissions === undefined || permissions.some((permission) => held.includes(permission));
}
