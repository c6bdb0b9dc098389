/** The way to every page that the caller's role has a use for, and what concerns the caller. */
import { Menu } from "@base-ui/react/menu";
import { Link, useLocation, useRoute } from "wouter";
import { useObservable } from "../api/observable.ts";
import { signOut } from "../api/session.ts";
import { useSelf } from "../api/use-self.ts";
import mark from "../mark.svg";
import { mayOpen, type PageRoute, routes } from "../routes.ts";
import styles from "./navigation.module.css";
import { chooseTheme, theme, themes } from "./theme.ts";

interface NavigationProps {
  onFind(): void;
  /** A page was chosen. */
  onChosen(): void;
}

export function Navigation({ onFind, onChosen }: NavigationProps) {
  const self = useSelf();
  const sections = sectionsOf((route) => mayOpen(route, self));
  return (
    <div className={styles.navigation}>
      <div className={styles.brand}>
        <img src={mark} alt="" width="26" height="26" />
        Runyard
      </div>
      <button type="button" className={styles.find} onClick={onFind}>
        Find… <kbd>Ctrl K</kbd>
      </button>
      <nav aria-label="Pages">
        {sections.map(({ title, pages }) => (
          <div key={title}>
            {title !== "" && <p className={styles.section}>{title}</p>}
            <ul className={styles.pages} aria-label={title || undefined}>
              {pages.map((route) => (
                <li key={route.path}>
                  <PageLink route={route} onChosen={onChosen} />
                </li>
              ))}
            </ul>
          </div>
        ))}
      </nav>
      <Account username={self.username} />
    </div>
  );
}

/** Those that have any page to show. */
function sectionsOf(isShown: (route: PageRoute) => boolean) {
  const sections: { title: string; pages: PageRoute[] }[] = [{ title: "", pages: [] }];
  for (const route of routes) {
    if (route.section !== undefined) sections.push({ title: route.section, pages: [] });
    if (route.title !== undefined && isShown(route)) sections.at(-1)?.pages.push(route);
  }
  return sections.filter(({ pages }) => pages.length > 0);
}

function PageLink({ route, onChosen }: { route: PageRoute; onChosen(): void }) {
  const [isHere] = useRoute(route.path === "/" ? "/" : `${route.path}/*?`);
  return (
    <Link href={route.path} className={styles.page} aria-current={isHere ? "page" : undefined} onClick={onChosen}>
      {route.title}
    </Link>
  );
}

function Account({ username }: { username: string }) {
  const chosen = useObservable(theme);
  const [, navigate] = useLocation();
  return (
    <Menu.Root>
      <Menu.Trigger className={styles.account}>
        <span className={styles.avatar} aria-hidden="true">
          {username.slice(0, 1).toUpperCase()}
        </span>
        <span className={styles.username}>{username}</span>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className={styles.positioner} side="top" align="start" sideOffset={6}>
          <Menu.Popup className={styles.popup}>
            <Menu.RadioGroup value={chosen} onValueChange={chooseTheme}>
              {themes.map((each) => (
                <Menu.RadioItem key={each} value={each} className={styles.item}>
                  {{ system: "As the system", light: "Light", dark: "Dark" }[each]}
                  <Menu.RadioItemIndicator>✓</Menu.RadioItemIndicator>
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
            <Menu.Separator className={styles.separator} />
            <Menu.Item className={styles.item} onClick={() => navigate("/account")}>
              Your account
            </Menu.Item>
            <Menu.Item className={styles.item} onClick={() => void signOut()}>
              Sign out
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
