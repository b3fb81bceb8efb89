/** Measures and colours shared by the parts of a drawing. Okabe-Ito blue and vermilion stay apart for all readers. */

export const pageWidth = 900;
export const margin = 24;

export const colors = {
  paper: "#ffffff",
  panel: "#f7f8fa",
  stripe: "#eef1f4",
  edge: "#d9dee5",
  ink: "#1f2933",
  faint: "#6b7683",
  bank: "#cfd6df",
  emptyBank: "#e3e7ec",
  rail: "#8792a0",
  read: "#0072b2",
  write: "#d55e00",
} as const;
