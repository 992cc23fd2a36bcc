import { load } from "wasmgrad";

/** A file of 1.8 KB: XOR's network with the seed 42, and names for its classes. */
const text =
  "qAYAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJ3YXNtZ3JhZCIsImZvcm1hdFZlcnNpb24iOiIxIiwidmVyc2lvbiI6IjAuMS4wIi" +
  "wibW9kZWwiOiJ7XCJzZWVkXCI6NDIsXCJuYW1lZFwiOntcImlucHV0c1wiOmZhbHNlLFwib3V0cHV0c1wiOmZhbHNlfSxcImlucHV0c1wiOltc" +
  "ImlucHV0XCJdLFwib3V0cHV0c1wiOltcIm91dHB1dFwiXSxcInZhcmlhYmxlc1wiOlt7XCJuYW1lXCI6XCJkZW5zZTEud2VpZ2h0XCIsXCJzaG" +
  "FwZVwiOlsyLDhdLFwiaW5pdFwiOntcImtpbmRcIjpcInVuaWZvcm1cIixcImxvd1wiOi0wLjc3NDU5NjY2OTI0MTQ4MzQsXCJoaWdoXCI6MC43" +
  "NzQ1OTY2NjkyNDE0ODM0fX0se1wibmFtZVwiOlwiZGVuc2UxLmJpYXNcIixcInNoYXBlXCI6WzhdLFwiaW5pdFwiOntcImtpbmRcIjpcImNvbn" +
  "N0YW50XCIsXCJ2YWx1ZVwiOjB9fSx7XCJuYW1lXCI6XCJkZW5zZTIud2VpZ2h0XCIsXCJzaGFwZVwiOls4LDFdLFwiaW5pdFwiOntcImtpbmRc" +
  "IjpcInVuaWZvcm1cIixcImxvd1wiOi0wLjgxNjQ5NjU4MDkyNzcyNixcImhpZ2hcIjowLjgxNjQ5NjU4MDkyNzcyNn19LHtcIm5hbWVcIjpcIm" +
  "RlbnNlMi5iaWFzXCIsXCJzaGFwZVwiOlsxXSxcImluaXRcIjp7XCJraW5kXCI6XCJjb25zdGFudFwiLFwidmFsdWVcIjowfX1dLFwibGF5ZXJz" +
  "XCI6W1wiZGVuc2UxXCIsXCJkZW5zZTFcIixcImRlbnNlMlwiLFwiZGVuc2UyXCJdLFwiY29tcHV0YXRpb25cIjp7XCJpbnB1dHNcIjp7XCJpbn" +
  "B1dFwiOntcInNoYXBlXCI6Wy0xLDJdLFwiZHR5cGVcIjpcImYzMlwifX0sXCJub2Rlc1wiOlt7XCJvcFwiOlwiZGVuc2VcIixcImF0dHJzXCI6" +
  "e1wiYWxwaGFcIjowLFwiZm5cIjpcIklkZW50aXR5XCJ9LFwiaW5wdXRzXCI6W1tcImlucHV0XCIsXCJpbnB1dFwiXSxbXCJ2YXJpYWJsZVwiLF" +
  "wiZGVuc2UxLndlaWdodFwiXSxbXCJ2YXJpYWJsZVwiLFwiZGVuc2UxLmJpYXNcIl1dfSx7XCJvcFwiOlwidW5hcnlcIixcImF0dHJzXCI6e1wi" +
  "YWxwaGFcIjowLFwiZm5cIjpcIlRhbmhcIn0sXCJpbnB1dHNcIjpbW1wibm9kZVwiLDAsMF1dfSx7XCJvcFwiOlwiZGVuc2VcIixcImF0dHJzXC" +
  "I6e1wiYWxwaGFcIjowLFwiZm5cIjpcIklkZW50aXR5XCJ9LFwiaW5wdXRzXCI6W1tcIm5vZGVcIiwxLDBdLFtcInZhcmlhYmxlXCIsXCJkZW5z" +
  "ZTIud2VpZ2h0XCJdLFtcInZhcmlhYmxlXCIsXCJkZW5zZTIuYmlhc1wiXV19LHtcIm9wXCI6XCJ1bmFyeVwiLFwiYXR0cnNcIjp7XCJhbHBoYV" +
  "wiOjAsXCJmblwiOlwiU2lnbW9pZFwifSxcImlucHV0c1wiOltbXCJub2RlXCIsMiwwXV19XSxcIm91dHB1dHNcIjp7XCJvdXRwdXRcIjpbXCJu" +
  "b2RlXCIsMywwXX19fSIsImxhYmVscyI6IltcIm5vXCIsXCJ5ZXNcIl0iLCJkaWdlc3QiOiJkMmViZjUwZDg4ZTQ2NDcwZmMzZDI3ZWI3YmU2ND" +
  "E2NTFjZWU2ODc5NjkzZDYxZmJkOWZkMjBiNGY2OTE1YzcyIn0sImRlbnNlMS5iaWFzIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOls4XSwiZGF0" +
  "YV9vZmZzZXRzIjpbMCwzMl19LCJkZW5zZTEud2VpZ2h0Ijp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyLDhdLCJkYXRhX29mZnNldHMiOlszMi" +
  "w5Nl19LCJkZW5zZTIuYmlhcyI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6Wzk2LDEwMF19LCJkZW5zZTIud2Vp" +
  "Z2h0Ijp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOls4LDFdLCJkYXRhX29mZnNldHMiOlsxMDAsMTMyXX19ICAAAAAAAAAAAAAAAAAAAAAAAAAAAA" +
  "AAAAAAAAAAAAAAALhOQr8VOhS/i4XUvjTZpz4OLRO/sutCP/pmHL+DlNm+KdDjvgaXFb9oy769CJR+vob2Fr9kO48+vanivpnVOb8AAAAA2gtB" +
  "PzDlXr2wAJG9XdW+vuAHSr4k6hO/qGW9PtuK1r4=";
const predictor = load(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
const x = [
  [0, 1],
  [1, 1],
];
console.log(
  predictor
    .classify(x)
    .map(({ label, probability }) => `${label} ${probability}`)
    .join(),
);
