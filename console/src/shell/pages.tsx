/** The page that the address names. */
import { Redirect, Route, Switch } from "wouter";
import { useSelf } from "../api/use-self.ts";
import { LinkButton } from "../components/button.tsx";
import { Empty } from "../components/empty.tsx";
import { mayOpen, routes } from "../routes.ts";

export function Pages() {
  const self = useSelf();
  return (
    <Switch>
      {routes.map((route) => (
        <Route key={route.path} path={route.path}>
          {(params) => (mayOpen(route, self) ? <route.page params={params} /> : <NotForYou />)}
        </Route>
      ))}
      <Route path="/login">
        <Redirect to="/" replace />
      </Route>
      <Route>
        <Empty isWholePage title="There is no such page" actions={<LinkButton href="/">Overview</LinkButton>}>
          The address may be old, or mistyped. Ctrl K finds anything by its name.
        </Empty>
      </Route>
    </Switch>
  );
}

function NotForYou() {
  return (
    <Empty isWholePage title="Your role has no access to this" actions={<LinkButton href="/">Overview</LinkButton>}>
      An administrator of this yard can give you a role that has.
    </Empty>
  );
}
