/** What is around every page: the way to all of them, who one is, and whether what is shown is true now. */
import { Dialog } from "@base-ui/react/dialog";
import { type MouseEvent, type RefObject, Suspense, useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import { line } from "../api/line.ts";
import { useObservable } from "../api/observable.ts";
import { Loading } from "../components/empty.tsx";
import styles from "./frame.module.css";
import { LineBanner } from "./line-banner.tsx";
import { Navigation } from "./navigation.tsx";
import { PageBoundary } from "./page-boundary.tsx";
import { Pages } from "./pages.tsx";
import { Palette } from "./palette.tsx";

export function Frame() {
  const { isUp } = useObservable(line);
  const [address] = useLocation();
  const place = pageOf(address);
  const [isMenuOpen, setMenuOpen] = useState(false);
  const [isPaletteOpen, setPaletteOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  useFocusOnNewPage(place, main);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      setPaletteOpen(true);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);

  function skip(event: MouseEvent): void {
    event.preventDefault(); // the fragment of the address belongs to the page
    main.current?.focus();
  }
  /** Whoever has chosen something has done with the menu. */
  const done = (): void => setMenuOpen(false);
  const find = (): void => {
    done();
    setPaletteOpen(true);
  };
  const navigation = <Navigation onFind={find} onChosen={done} />;
  return (
    <div className={styles.frame} data-stale={isUp ? undefined : true}>
      {/* biome-ignore lint/a11y/useValidAnchor: it leads to a place of this page */}
      <a href="#page" className={`visually-hidden ${styles.skip}`} onClick={skip}>
        Skip to the page
      </a>
      <header className={styles.side}>{navigation}</header>
      <Dialog.Root open={isMenuOpen} onOpenChange={setMenuOpen}>
        <header className={styles.bar}>
          <Dialog.Trigger className={styles.menu} aria-label="Menu">
            ☰
          </Dialog.Trigger>
          <strong>Runyard</strong>
        </header>
        <Dialog.Portal>
          <Dialog.Backdrop className={styles.shade} />
          <Dialog.Popup className={styles.drawer} aria-label="Menu">
            {navigation}
          </Dialog.Popup>
        </Dialog.Portal>
      </Dialog.Root>
      <main ref={main} id="page" tabIndex={-1} className={styles.main}>
        <LineBanner />
        <PageBoundary key={place}>
          <Suspense fallback={<Loading what="the page" />}>
            <Pages />
          </Suspense>
        </PageBoundary>
      </main>
      <Palette isOpen={isPaletteOpen} onClose={() => setPaletteOpen(false)} />
    </div>
  );
}

/** What is behind the second part of an address is a part of the same page. */
function pageOf(address: string): string {
  return address.split("/", 3).join("/");
}

/** A new page is read from its beginning, also by screen readers. Not the first one: there the browser's own order holds. */
function useFocusOnNewPage(place: string, main: RefObject<HTMLElement | null>): void {
  const seen = useRef(place);
  useEffect(() => {
    if (seen.current === place) return;
    seen.current = place;
    main.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [place, main]);
}
