"use client";

import { useEffect, useState } from "react";
import { trainXor } from "../../train-xor.js";

/** Trains in the browser, and posts what it found to the address in its query. */
export default function Page() {
  const [digest, setDigest] = useState("");
  useEffect(() => {
    trainXor().then((digest) => {
      setDigest(digest);
      const report = new URLSearchParams(location.search).get("report");
      return fetch(report, { method: "POST", mode: "no-cors", body: JSON.stringify({ digest }) });
    });
  }, []);
  return <output>{digest}</output>;
}
