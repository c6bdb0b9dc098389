/** A menu of what is done less often. */
import { Menu } from "@base-ui/react/menu";
import { Button } from "./button.tsx";
import styles from "./more-menu.module.css";

export interface MenuAction {
  readonly title: string;
  act(): void;
}

export function MoreMenu({ label, actions }: { label: string; actions: readonly MenuAction[] }) {
  return (
    <Menu.Root>
      <Menu.Trigger render={<Button aria-label={label}>More ▾</Button>} />
      <Menu.Portal>
        <Menu.Positioner className={styles.positioner} align="end" sideOffset={6}>
          <Menu.Popup className={styles.popup}>
            {actions.map(({ title, act }) => (
              <Menu.Item key={title} className={styles.item} onClick={act}>
                {title}
              </Menu.Item>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
