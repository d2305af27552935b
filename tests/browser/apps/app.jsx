// A customer's page in React: buttons as its #root says, and a log of what they told.
import { Component, StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { Button } from "the-button";

const root = document.getElementById("root");
const scenario = JSON.parse(root.dataset.scenario || "{}");
const log = [];
const note = (...entry) => log.push(entry);

async function tokenOf(name, tokens) {
  note("getLinkToken", name);
  if (!tokens) return (await (await fetch("link-token", { method: "POST" })).json()).link_token;
  const token = tokens.length > 1 ? tokens.shift() : tokens[0];
  if (token === "!") throw new Error("the backend is down");
  return token;
}

function Connect({ name, props, tokens, onLoad }) {
  return (
    <Button
      {...props}
      getLinkToken={() => tokenOf(name, tokens)}
      onSuccess={(...values) => {
        note("onSuccess", name, ...values.map((value) => (typeof value === "function" ? "close" : value)));
        values[2]();
      }}
      onClose={(...values) => note("onClose", name, ...values)}
      onLoad={() => {
        note("onLoad", name);
        onLoad();
      }}
    />
  );
}

// Errors of the components below, so that a test sees them.
class Faults extends Component {
  state = { fault: null };
  static getDerivedStateFromError(fault) {
    note("fault", String(fault));
    return { fault };
  }
  render() {
    return this.state.fault ? null : this.props.children;
  }
}

function App() {
  const [buttons, setButtons] = useState(scenario.buttons || [{ name: "only", props: {} }]);
  const [draws, setDraws] = useState(0);
  const [loads, setLoads] = useState(0);
  window.app = { log, setButtons, redraw: () => setDraws((count) => count + 1), state: { draws, loads } };
  return buttons.map((button) => (
    <Connect key={button.name} {...button} tokens={button.tokens || scenario.tokens} onLoad={() => setLoads((count) => count + 1)} />
  ));
}

const tree = <Faults><App /></Faults>;
createRoot(root).render(scenario.strict ? <StrictMode>{tree}</StrictMode> : tree);
