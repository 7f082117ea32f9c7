cat > /dev/null
echo "$ORCH_STEP_ID" >> begun
until [ ! -e "wait-$ORCH_STEP_ID" ]; do sleep 0.05; done
echo "did it"
