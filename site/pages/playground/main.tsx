import { render } from "preact";
import { App } from "./parts/app.tsx";
import "./playground.css";

const place = document.getElementById("playground")!;
place.replaceChildren();
render(<App />, place);
