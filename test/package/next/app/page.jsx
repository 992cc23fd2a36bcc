"use client";

import { useEffect, useState } from "react";

/** What pages carry that do nothing. */
export default function Page() {
  const [text, setText] = useState("");
  useEffect(() => setText("empty"), []);
  return <output>{text}</output>;
}
