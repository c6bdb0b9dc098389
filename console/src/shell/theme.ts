/** Light, dark, or as the system has it. */
import { createObservable } from "../api/observable.ts";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const key = "runyard.theme";

export const theme = createObservable<Theme>(themes.find((each) => each === localStorage.getItem(key)) ?? "system");

export function chooseTheme(chosen: Theme): void {
  localStorage.setItem(key, chosen);
  theme.set(chosen);
}

function apply(): void {
  const chosen = theme.get();
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}

apply();
theme.subscribe(apply);
