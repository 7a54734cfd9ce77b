# simcore, and the server of saved runs. Build and start (on Linux; the server answers on this computer alone, hence the host's network):
#     docker build -t simcore .
#     docker run --rm --network host --volume "$PWD/runs:/runs:ro" simcore
# Any other command stands behind the image's name:
#     docker run --rm --volume "$PWD:/work" --workdir /work simcore run resnet18 --report resnet18.html
FROM python:3.12-slim AS wheel
COPY . /tree
RUN python -m pip wheel --no-deps --wheel-dir /wheel /tree

FROM python:3.12-slim
COPY --from=wheel /wheel /wheel
RUN python -m pip install --no-cache-dir "$(ls /wheel/simcore-*.whl)[onnx,plot]" && rm -r /wheel
# What most runs need of the engine is compiled once, here.
ENV SIMCORE_CACHE_DIR=/var/cache/simcore
RUN simcore run lenet5 --quiet && simcore run lenet5 --system edge-sram-ddr4 --quiet && \
    simcore run lenet5 --system pim-dram-ddr4 --quiet && chmod -R a+rX /var/cache/simcore
EXPOSE 8180
ENTRYPOINT ["simcore"]
CMD ["serve", "/runs", "--port", "8180"]
