// OpenAI's SDK for Node: `POST /` with a question as its body gets the answer, `GET /` says who answers.
import { createServer } from "node:http";
import { hostname } from "node:os";
import OpenAI from "openai";

const client = new OpenAI();
const me = { program: "node_openai", hostname: hostname() };

async function answer(question) {
  const completion = await client.chat.completions.create({ model: "gpt-5-mini", messages: [{ role: "user", content: question }] });
  return completion.choices[0].message.content;
}

const server = createServer(async (request, response) => {
  let status = 200;
  let content = me;
  if (request.method === "POST") {
    let question = "";
    for await (const piece of request) question += piece;
    try {
      content = { ...me, answer: await answer(question) };
    } catch (error) {
      status = 502;
      content = { ...me, error: String(error) };
    }
  }
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(content));
});
server.listen(Number(process.env.PORT ?? 8080));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
