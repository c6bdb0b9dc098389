/** @see https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid */
import { messageText } from "./message-text.ts";
import { type HttpProvider, jsonRequest, webAddress } from "./provider.ts";

export const matrix: HttpProvider = {
  fields: { homeserver_url: "required", access_token: "required", room_id: "required" },
  request(config, { event, eventId }) {
    const url = webAddress(config, "homeserver_url");
    const room = encodeURIComponent(config.room_id ?? "");
    // A server that has seen the transaction already does nothing again.
    const path = `/_matrix/client/v3/rooms/${room}/send/m.room.message/${eventId}`;
    url.pathname = url.pathname.replace(/\/+$/, "") + path;
    url.search = "";
    const body = { msgtype: "m.text", body: messageText(event) };
    return jsonRequest("PUT", url, JSON.stringify(body), { authorization: `Bearer ${config.access_token}` });
  },
};
