/**
 * Where the nodes and edges of a graph stand, top to bottom, by Dagre's layered layout.
 *
 * Dagre's declarations leave the file endings out of their imports, which TypeScript does not resolve here: what is
 * used of it is declared below.
 */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box {
  readonly width: number;
  readonly height: number;
}

export interface PlacedGraph extends Box {
  /** Middles of the nodes, by id. */
  readonly nodes: ReadonlyMap<string, Point>;
  /** From node to node, at least two points; in the order of the edges given. */
  readonly edges: readonly (readonly Point[])[];
}

interface DagreGraph {
  setGraph(label: object): unknown;
  setNode(id: string, label: object): unknown;
  setEdge(from: string, to: string, label: object): unknown;
  graph(): Box;
  node(id: string): Point;
  edge(from: string, to: string): { readonly points: readonly Point[] };
}

interface Dagre {
  readonly Graph: new () => DagreGraph;
  readonly layout: (graph: DagreGraph) => unknown;
}

/** Pixels: enough for lines to be told apart, little enough for a page. */
const margin = 12;
const distances = { nodesep: 22, edgesep: 14, ranksep: 26, marginx: margin, marginy: margin };

/** At most one edge between two nodes in either direction. */
export async function placeGraph(
  nodes: ReadonlyMap<string, Box>,
  edges: readonly { readonly from: string; readonly to: string }[],
): Promise<PlacedGraph> {
  // Most commands draw nothing and need not wait for it.
  const { Graph, layout } = (await import("@dagrejs/dagre")) as unknown as Dagre;
  const graph = new Graph();
  graph.setGraph({ rankdir: "TB", ...distances });
  for (const [id, { width, height }] of nodes) graph.setNode(id, { width, height });
  for (const { from, to } of edges) graph.setEdge(from, to, {});
  layout(graph);
  // Dagre's own size leaves out bends of edges that stand beside all nodes, left and right.
  const paths = edges.map(({ from, to }) => graph.edge(from, to).points);
  const bends = paths.flat().map(({ x }) => x);
  const left = Math.min(0, ...bends.map((x) => x - margin));
  const move = ({ x, y }: Point): Point => ({ x: x - left, y });
  return {
    width: Math.max(graph.graph().width, ...bends.map((x) => x + margin)) - left,
    height: graph.graph().height,
    nodes: new Map([...nodes.keys()].map((id) => [id, move(graph.node(id))])),
    edges: paths.map((path) => path.map(move)),
  };
}
