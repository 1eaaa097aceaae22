"""Artifacts behind HTTP: the Open Inference Protocol (KServe V2) with binary tensors and the index of the model repository.

    limits = Limits(threads=2)
    app = make_app(Service(load({"cnn.fast": Path("exported/cnn.fast")}, threads=1), limits))  # for any ASGI server

`zoo.serve.tensors` and `zoo.serve.protocol` turn bytes into arrays and back, `models` holds what was loaded, `app` has the routes,
`connection` the patience with slow clients, `server` starts and stops. starlette and uvicorn, the extra `serve`, are imported by
the last three alone.
"""
