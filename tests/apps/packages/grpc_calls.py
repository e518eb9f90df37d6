# /// script
# dependencies = ["grpcio"]
# ///
"""A gRPC client and server on loopback; C++ with threads of its own."""

# expect: grpc b'pong:x49'
# expect: stream [0, 1, 2]
# expect: error UNIMPLEMENTED

from concurrent import futures

import grpc


class Handler(grpc.GenericRpcHandler):
    def service(self, details):
        if details.method == "/t/ping":
            return grpc.unary_unary_rpc_method_handler(lambda request, _: b"pong:" + request)
        if details.method == "/t/count":
            return grpc.unary_stream_rpc_method_handler(
                lambda request, _: (bytes([n]) for n in range(request[0]))
            )
        return None


server = grpc.server(futures.ThreadPoolExecutor(4))
server.add_generic_rpc_handlers((Handler(),))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
    answers = [channel.unary_unary("/t/ping")(b"x%d" % n, timeout=20) for n in range(50)]
    print("grpc", answers[-1])
    print("stream", [one[0] for one in channel.unary_stream("/t/count")(b"\3", timeout=20)])
    try:
        channel.unary_unary("/t/other")(b"", timeout=20)
    except grpc.RpcError as error:
        print("error", error.code().name)
server.stop(0).wait()
