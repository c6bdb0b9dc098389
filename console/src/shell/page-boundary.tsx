/** A page that breaks says so, and the rest of the console goes on. */
import { Component, type ReactNode } from "react";
import { Button } from "../components/button.tsx";
import { Empty } from "../components/empty.tsx";

interface BoundaryState {
  readonly error?: unknown;
}

export class PageBoundary extends Component<{ children: ReactNode }, BoundaryState> {
  override state: BoundaryState = {};

  static getDerivedStateFromError(error: unknown): BoundaryState {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === undefined) return this.props.children;
    return (
      <Empty
        isWholePage
        title="This page has failed"
        actions={<Button onClick={() => location.reload()}>Reload</Button>}
      >
        If the yard was upgraded a moment ago, reloading mends it. What the page says: {String(this.state.error)}
      </Empty>
    );
  }
}
